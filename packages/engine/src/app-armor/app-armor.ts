// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { messageOf, StackError } from '@teu/errors'
import { defaultProfile, defaultProfileName } from './default-profile.ts'

/** How long compiling and loading a profile may take, in milliseconds. */
const patience = 30_000

const parsers = ['/sbin/apparmor_parser', '/usr/sbin/apparmor_parser']

/** The default profile of this machine. */
export interface AppArmor {
  /** Whether the profile is there or can be loaded; without it containers that name none are unconfined. */
  readonly hasDefault: boolean
  /**
   * Loads the default profile unless it is loaded: others unload profiles at times. `unknown` with what the parser
   * says when it cannot be.
   */
  ensureDefault(): Promise<void>
}

/** Where AppArmor shows itself; other places are for tests. */
export interface AppArmorPlaces {
  /** The kernel's list of loaded profiles. */
  profiles?: string
  /** The program that compiles and loads profiles. */
  parser?: string | undefined
  /** AppArmor's own includes. */
  includes?: string
}

/** Whether this kernel confines processes by profiles. */
export function kernelHasAppArmor(): boolean {
  return (
    readText('/sys/module/apparmor/parameters/enabled').startsWith('Y') && existsSync('/sys/kernel/security/apparmor')
  )
}

/** The default profile, in the kernel `enabled`. Inside a container the host's profiles are not ours to load. */
export function appArmor(enabled: boolean, places: AppArmorPlaces = {}): AppArmor {
  const {
    profiles = '/sys/kernel/security/apparmor/profiles',
    parser = parsers.find((file) => existsSync(file)),
    includes = '/etc/apparmor.d',
  } = places
  const isLoaded = () =>
    readText(profiles)
      .split('\n')
      .some((line) => line.startsWith(`${defaultProfileName} (`))
  const ours = (process.env['container'] ?? '') === ''
  return {
    hasDefault: enabled && (isLoaded() || (parser !== undefined && ours)),
    async ensureDefault() {
      if (isLoaded()) return
      try {
        if (parser === undefined) throw new Error('apparmor_parser is not installed')
        const abstractions = existsSync(`${includes}/tunables/global`) && existsSync(`${includes}/abstractions/base`)
        await load(parser, defaultProfile(abstractions))
      } catch (error) {
        const message = `AppArmor enabled on system but the ${defaultProfileName} profile could not be loaded: `
        throw new StackError('unknown', message + messageOf(error), { cause: error })
      }
    },
  }
}

function load(parser: string, profile: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(parser, ['-Kr'], {
      stdio: ['pipe', 'ignore', 'pipe'],
      timeout: patience,
      killSignal: 'SIGKILL',
    })
    const said: Buffer[] = []
    child.stderr.on('data', (chunk: Buffer) => said.push(chunk))
    child.once('error', reject)
    child.once('close', (status, signal) => {
      if (status === 0) return resolve()
      const [line = ''] = Buffer.concat(said).toString().trim().split('\n')
      reject(new Error(`apparmor_parser ended with ${status ?? signal}: ${line}`))
    })
    // A parser that ends early says why by itself.
    child.stdin.on('error', () => {})
    child.stdin.end(profile)
  })
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
