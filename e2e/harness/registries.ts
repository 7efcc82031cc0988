// SPDX-License-Identifier: Apache-2.0
// Our registry as a program, and what the originals need to talk to it.
import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { docker, startDockerd } from './originals.ts'
import { imageArchive } from './programs.ts'
import { type RunResult, type Sandbox, until } from './sandbox.ts'

/** Where {@link startTeuRegistry} listens when nothing else is said. */
export const ourAddress = '127.0.0.1:5001'

/** How a registry of ours is started. */
export interface TeuRegistryOptions {
  address?: string
  /** Name of its directory in the sandbox, and of its log. */
  name?: string
  env?: Record<string, string>
}

/** Starts `teu-registry serve` with more flags, on a directory of the sandbox, and waits until it listens. */
export async function startTeuRegistry(
  sandbox: Sandbox,
  flags: readonly string[] = [],
  { address = ourAddress, name = 'store', env = {} }: TeuRegistryOptions = {},
): Promise<ChildProcess> {
  const log = sandbox.path(`${name}.log`)
  const before = existsSync(log) ? listening(sandbox.log(name)) : 0
  const args = ['serve', '--addr', address, '--root', sandbox.path(name), '--log-format', 'json', ...flags]
  const child = sandbox.daemon(name, 'teu-registry', args, env)
  await until('the registry listens', () => {
    assert.equal(child.exitCode, null, sandbox.log(name))
    return listening(sandbox.log(name)) > before
  })
  return child
}

function listening(log: string): number {
  return log.split('"msg":"listening on ').length - 1
}

/** The lines of a registry's log. */
export function logOf(sandbox: Sandbox, name = 'store'): Record<string, unknown>[] {
  return sandbox
    .log(name)
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}

/** skopeo, without a policy for signatures. */
export function skopeo(sandbox: Sandbox, ...args: string[]): Promise<RunResult> {
  return sandbox.run('skopeo', ['--insecure-policy', ...args])
}

/** skopeo, which must exit 0; answers what it printed. */
export function skopeoOutput(sandbox: Sandbox, ...args: string[]): Promise<string> {
  return sandbox.output('skopeo', ['--insecure-policy', ...args])
}

/** skopeo copies the test image into a registry that speaks HTTP. */
export function fill(sandbox: Sandbox, reference: string, ...flags: string[]): Promise<RunResult> {
  const from = `docker-archive:${imageArchive('busybox')}`
  return skopeo(sandbox, 'copy', ...flags, '--dest-tls-verify=false', from, `docker://${reference}`)
}

/** Asks a registry; answers the status, the headers in lower case and the body. */
export async function ask(
  sandbox: Sandbox,
  url: string,
  ...flags: string[]
): Promise<{ status: number; headers: Map<string, string>; body: string }> {
  const text = await sandbox.output('curl', ['-s', '-i', ...flags, url])
  const [head = '', ...rest] = text.split('\r\n\r\n')
  const [first = '', ...lines] = head.split('\r\n')
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
  })
  return { status: Number(first.split(' ')[1]), headers: new Map(headers), body: rest.join('\r\n\r\n') }
}

/** Debian's dockerd and the CLI on it, with the test image loaded. */
export async function dockerAt(sandbox: Sandbox, flags: readonly string[] = []) {
  const { socket } = await startDockerd(sandbox, { flags: ['--bridge=none', ...flags] })
  const run = (...args: string[]) => docker(sandbox, socket, '--config', sandbox.path('docker-config'), ...args)
  const output = async (...args: string[]) => {
    const result = await run(...args)
    assert.equal(result.status, 0, `docker ${args.join(' ')}\n${result.stdout}${result.stderr}`)
    return result.stdout
  }
  const loaded = (await output('load', '-q', '-i', imageArchive('busybox'))).trim().replace('Loaded image: ', '')
  return { run, output, loaded }
}

/** alice with the password wonder, bob with builder; made once with `htpasswd -B`. */
export const htpasswd =
  'alice:$2y$05$74CmSwbAcJr/jnivpjsfgeHdw60E3cD0lfea.S3tTbSsbFzVygc0e\nbob:$2y$05$6mO1X9f6G9FjzsGAyl5GeOp6y18dgcmTgVI2Vm7Ugj3UEpb42beZO\n'

/** Writes {@link htpasswd} into the sandbox; answers the file's name. */
export function usersFile(sandbox: Sandbox): string {
  const file = sandbox.path('users')
  writeFileSync(file, htpasswd)
  return file
}

/** The file of a blob below a registry's directory, in the tree that docker's registry uses as well. */
export function blobFile(root: string, digest: string): string {
  const hex = digest.replace('sha256:', '')
  return path.join(root, 'docker/registry/v2/blobs/sha256', hex.slice(0, 2), hex, 'data')
}
