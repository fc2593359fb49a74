export const handler = async () => 'mjs'; export default { inner: async () => 'default' };
