/**
 * The files that the contracts import, and buf, which reads both. All come from installed npm packages, so
 * generating needs no network and no copies of other projects' files.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { file_buf_validate_validate } from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js';
import { printProto } from './print-proto.ts';

export const root = join(import.meta.dirname, '../..');

/** Where `buf.yaml` looks for the imports. It is not committed. */
export const depsDir = join(root, 'build/proto-deps');

/** Each file by the path of its import, with its path in `node_modules`. */
const files = {
  'google/api/annotations.proto': 'google-proto-files/google/api/annotations.proto',
  'google/api/http.proto': 'google-proto-files/google/api/http.proto',
  'google/rpc/error_details.proto': 'google-proto-files/google/rpc/error_details.proto',
  'google/rpc/status.proto': 'google-proto-files/google/rpc/status.proto',
  'grpc/health/v1/health.proto': 'grpc-health-check/proto/health/v1/health.proto',
};

/** Copies the imported files into `build/proto-deps`. */
export function prepareDeps(): void {
  rmSync(depsDir, { recursive: true, force: true });
  for (const [file, source] of Object.entries(files)) {
    cpSync(join(root, 'node_modules', source), join(depsDir, file));
  }
  const validate = join(depsDir, 'buf/validate/validate.proto');
  mkdirSync(dirname(validate), { recursive: true });
  writeFileSync(validate, printProto(file_buf_validate_validate));
}

/** Runs buf in the root folder and shows its output. When buf fails, this program exits with its status. */
export function buf(...args: string[]): void {
  const { error, status } = spawnSync(join(root, 'node_modules/.bin/buf'), args, {
    cwd: root,
    stdio: 'inherit',
  });
  if (error !== undefined) throw error;
  if (status !== 0) process.exit(status ?? 1);
}
