Promise.reject(new Error('top')); exports.handler = async () => new Promise((r) => setTimeout(r, 2000));
