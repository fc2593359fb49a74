const fs = await import('node:fs'); export const handler = async () => typeof fs.readFileSync;
