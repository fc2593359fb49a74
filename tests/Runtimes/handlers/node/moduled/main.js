export const handler = async () => 'type module';
