// SPDX-License-Identifier: Apache-2.0
// The steps by which a program changed a folder, as packages/linux/native/test/record-disk.c noted them.
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** One step, with paths relative to the folder; the folder itself is ''. */
export type DiskStep =
  | { kind: 'write'; path: string; offset: number; data: Buffer }
  | { kind: 'truncate'; path: string; size: number }
  | { kind: 'rename' | 'link'; path: string; to: string }
  | { kind: 'create' | 'mkdir' | 'unlink' | 'rmdir' | 'sync' | 'syncfs'; path: string }

const source = join(
  dirname(createRequire(import.meta.url).resolve('@teu/linux/package.json')),
  'native/test/record-disk.c',
)

/** Runs a program of Node, with one argument, and answers what it did to `folder`. `workspace` is for files meanwhile. */
export async function record(program: string, folder: string, workspace: string): Promise<DiskStep[]> {
  const [library, log] = [join(workspace, 'record-disk.so'), join(workspace, 'disk.log')]
  const compiled = spawnSync('cc', ['-O2', '-shared', '-fPIC', '-pthread', source, '-o', library], { encoding: 'utf8' })
  assert.equal(compiled.status, 0, compiled.stderr)
  const child = spawn(process.execPath, ['--conditions=teu-source', program, folder], {
    env: { ...process.env, LD_PRELOAD: library, TEU_RECORD_ROOT: folder, TEU_RECORD_LOG: log, NODE_TEST_CONTEXT: '' },
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const [status] = await once(child, 'exit')
  assert.equal(status, 0, 'the program that is recorded')
  return parse(readFileSync(log), folder)
}

function parse(log: Buffer, folder: string): DiskStep[] {
  const steps: DiskStep[] = []
  for (let at = 0; at < log.length; ) {
    const end = log.indexOf('\n', at)
    const [kind = '', ...fields] = log.toString('utf8', at, end).split('\t')
    const length = kind === 'write' ? Number(fields.at(-1)) : 0
    const data = log.subarray(end + 1, end + 1 + length)
    at = end + 1 + length
    steps.push(stepOf(kind, fields, data, folder))
  }
  return steps
}

function stepOf(kind: string, [first = '', second = '']: string[], data: Buffer, folder: string): DiskStep {
  const inside = (path: string) => {
    assert.ok(path === folder || path.startsWith(`${folder}/`), path)
    return path.slice(folder.length + 1)
  }
  const path = inside(first)
  switch (kind) {
    case 'write':
      return { kind, path, offset: Number(second), data }
    case 'truncate':
      return { kind, path, size: Number(second) }
    case 'rename':
    case 'link':
      return { kind, path, to: inside(second) }
    case 'create':
    case 'mkdir':
    case 'unlink':
    case 'rmdir':
    case 'sync':
    case 'syncfs':
      return { kind, path }
    default:
      throw new Error(`${path}: the program did what cannot be replayed: ${kind}`)
  }
}
