// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process'
import { access, constants } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { StackError } from '@teu/errors'
import { type Any, Any as AnyMessage, ociTypeUrls, packJson, RuntimeInfo, runcOptions } from '@teu/shim-api'
import { readCreateOptions } from '../oci-runtime/create-options.ts'
import { type ShimInvocation, searchPath } from './surroundings.ts'

/** The runtime name under which containerd finds this shim. @internal */
export const runtimeName = 'io.containerd.teu.v1'

/** How long a runtime may take to say what it knows, in milliseconds. */
const featuresTimeoutMs = 5000

/** The version of this package. @internal */
export function shimVersion(): string {
  const require = createRequire(import.meta.url)
  return (require('@teu/shim/package.json') as { version: string }).version
}

/** The text of -v. @internal */
export function versionText(): string {
  return `containerd-shim-teu-v1:\n  Version:  ${shimVersion()}\n`
}

/**
 * The answer to -info, given the options that came on standard input: what this shim is, the options once more, and the
 * features of the runtime that they choose, when it says any. `invalid-argument` for options of another shim, `not-found`
 * when there is no such runtime.
 *
 * @internal
 */
export async function runtimeInfo(stdin: Uint8Array, invocation: ShimInvocation): Promise<Uint8Array> {
  const options = stdin.length > 0 ? AnyMessage.decode(stdin) : undefined
  const features = await featuresOf(binaryOf(options), invocation)
  return RuntimeInfo.encode({
    name: runtimeName,
    version: { version: shimVersion(), revision: '' },
    options,
    features: features === undefined ? undefined : packJson(ociTypeUrls.features, features),
    annotations: {},
  }).finish()
}

function binaryOf(options: Any | undefined): string {
  const read = readCreateOptions(options)
  if (read !== undefined) return read.binaryName
  throw new StackError(
    'invalid-argument',
    `failed to read runtime options (${runcOptions.typeUrl}): type with url ${options?.typeUrl}: not found`,
  )
}

async function featuresOf(binary: string, { env, runtimeLibrary }: ShimInvocation): Promise<unknown> {
  if (binary === '' || basename(binary) === 'teu-runtime') {
    const library = await runtimeLibrary()
    if (library !== undefined) return library.runtimeFeatures?.()
  }
  const path = searchPath(env)
  const program = await lookUp(binary || 'runc', path)
  try {
    const { stdout } = await promisify(execFile)(program, ['features'], {
      env: { PATH: path },
      timeout: featuresTimeoutMs,
    })
    return JSON.parse(stdout)
  } catch {
    // Runtimes of before 2022 have no such command.
    return undefined
  }
}

async function lookUp(binary: string, path: string): Promise<string> {
  const candidates = binary.includes('/') ? [binary] : path.split(':').map((folder) => join(folder, binary))
  for (const candidate of candidates) {
    const found = await access(candidate, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (found) return candidate
  }
  const name = JSON.stringify(binary)
  throw new StackError(
    'not-found',
    `failed to look up the path of ${name}: exec: ${name}: executable file not found in $PATH`,
  )
}
