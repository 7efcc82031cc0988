// SPDX-License-Identifier: Apache-2.0
import { spawn, spawnSync } from 'node:child_process'
import { text } from 'node:stream/consumers'

/** Whether a registry has this version. Throws when it cannot be asked. */
export async function isPublished({ manifest: { name, version } }, registry) {
  const argv = ['view', `${name}@${version}`, 'version', '--json', '--registry', registry, '--prefer-online']
  const child = spawn('npm', argv, { stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = new Promise((resolve) => child.once('close', resolve))
  const [stdout, stderr, status] = await Promise.all([text(child.stdout), text(child.stderr), ended])
  if (status === 0) return stdout.trim() !== ''
  if (/\bE404\b/.test(stdout + stderr)) return false
  throw new Error(`${registry} does not say whether it has ${name}@${version}:\n${stderr}`)
}

/** Publishes a tarball; answers why it failed. */
export function publish({ manifest: { name, version }, tarball }, registry) {
  const argv = ['publish', tarball, '--registry', registry, '--access', 'public', '--ignore-scripts']
  const { status, stderr } = spawnSync('npm', argv, { encoding: 'utf8', stdio: ['inherit', 'ignore', 'pipe'] })
  return status === 0 ? undefined : `${name}@${version} was not published:\n${stderr}`
}
