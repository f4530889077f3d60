import { defineConfig } from 'drizzle-kit';

export default defineConfig({
  dialect: 'postgresql',
  schema: './src/shell/store/schema.ts',
  out: './migrations',
});
