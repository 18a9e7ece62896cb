/**
 * Lays the contracts for clients of other projects into a folder: `proto/` with all that they import, except
 * `google/protobuf/`, which every compiler brings, and the same as a descriptor set, `loms.binpb`.
 *
 *     tsx scripts/generate/proto-bundle.ts [folder]     `dist` if not given
 */
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { buf, depsDir, prepareDeps, root } from './proto-deps.ts';

const target = resolve(process.argv[2] ?? join(root, 'dist'));
const protoDir = join(target, 'proto');

prepareDeps();
rmSync(protoDir, { recursive: true, force: true });
mkdirSync(target, { recursive: true });
for (const source of [join(root, 'proto'), depsDir]) cpSync(source, protoDir, { recursive: true });
buf('build', '--as-file-descriptor-set', '--output', join(target, 'loms.binpb'));
