// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process'
import { accessSync, constants as modes, statSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'

const systemDirectories = [
  '/usr/local/lib/docker/cli-plugins',
  '/usr/local/libexec/docker/cli-plugins',
  '/usr/lib/docker/cli-plugins',
  '/usr/libexec/docker/cli-plugins',
]

/**
 * Finds the program `docker-<name>` that brings a command of this name: in the user's own directory, in those the
 * config file lists, then in the system's. A directory that others may write to is passed over with a warning, as
 * whoever can write there could run anything.
 */
export function findDockerPlugin(
  name: string,
  configDirectory: string,
  extraDirectories: readonly string[],
  warn: (line: string) => void,
): string | undefined {
  if (!/^[a-z][a-z0-9]*$/.test(name)) return undefined
  const directories = [...extraDirectories, join(configDirectory, 'cli-plugins'), ...systemDirectories]
  for (const directory of directories) {
    const program = join(directory, `docker-${name}`)
    if (!isProgram(program)) continue
    if (isOpenToOthers(directory) || isOpenToOthers(program)) {
      warn(`WARNING: ignoring ${program}: others may write to it`)
      continue
    }
    return program
  }
  return undefined
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, modes.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

function isOpenToOthers(path: string): boolean {
  return (statSync(path).mode & 0o022) !== 0
}

const termination = ['SIGINT', 'SIGTERM'] as const

/**
 * Runs a plugin on the user's own streams and returns its exit status; 128 and the signal when one ended it. With
 * `passSignals` it is sent what interrupts this program; a terminal interrupts both by itself.
 */
export function runDockerPlugin(
  program: string,
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
  passSignals: boolean,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, argv, {
      stdio: 'inherit',
      env: { ...env, DOCKER_CLI_PLUGIN_ORIGINAL_CLI_COMMAND: process.argv[1] ?? '' },
    })
    const pass = (signal: NodeJS.Signals) => child.kill(signal)
    if (passSignals) for (const name of termination) process.on(name, pass)
    const stop = () => termination.forEach((name) => void process.off(name, pass))
    child.once('error', (error) => {
      stop()
      reject(error)
    })
    child.once('close', (status, signal) => {
      stop()
      resolve(status ?? 128 + (signal ? constants.signals[signal] : 0))
    })
  })
}
