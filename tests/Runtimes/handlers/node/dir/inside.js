exports.handler = async () => 'dir';
