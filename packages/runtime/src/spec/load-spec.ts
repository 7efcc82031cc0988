// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { StackError, wrap } from '@teu/errors'
import { parseExactJson, type Spec, validateSpec } from '@teu/oci-spec/runtime'
import { type ContainerSpec, checkSpec, noProcess } from './check-spec.ts'

/** A bundle whose parts are known to be usable. @internal */
export interface Bundle {
  /** Absolute. */
  path: string
  spec: ContainerSpec
  /** Absolute, without symlinks. */
  rootfs: string
}

/**
 * Reads and checks `config.json` of a bundle, or takes `given` in its place. Throws `not-found` when the bundle has
 * none, `invalid-argument` naming the property that is wrong.
 *
 * @internal
 */
export function loadBundle(directory: string, given?: Spec): Bundle {
  const path = resolve(directory)
  const spec = validateSpec(given ?? readConfig(path))
  checkSpec(spec)
  return { path, spec: { process: noProcess, ...spec }, rootfs: findRootfs(resolve(path, spec.root.path)) }
}

function readConfig(bundle: string): unknown {
  let text: string
  try {
    text = readFileSync(join(bundle, 'config.json'), 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    const message = existsSync(bundle)
      ? 'JSON specification file config.json not found'
      : `chdir ${bundle}: no such file or directory`
    throw new StackError('not-found', message, { cause: error })
  }
  try {
    return parseExactJson(text)
  } catch (error) {
    throw new StackError('invalid-argument', `config.json: ${(error as Error).message}`, { cause: error })
  }
}

function findRootfs(path: string): string {
  try {
    const real = realpathSync.native(path)
    if (statSync(real).isDirectory()) return real
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    if (!missing) throw wrap(error, `invalid rootfs ${JSON.stringify(path)}`)
    const message = `invalid rootfs: stat ${path}: no such file or directory`
    throw new StackError('invalid-argument', message, { cause: error })
  }
  throw new StackError('invalid-argument', `invalid rootfs: ${path} is not a directory`)
}
