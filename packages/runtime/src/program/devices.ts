// SPDX-License-Identifier: Apache-2.0
import type { LinuxDevice, Spec } from '@teu/oci-spec/runtime'
import { isPrivate } from '../spec/namespaces.ts'
import type { Step } from './program.ts'

const types = { c: 0o020000, u: 0o020000, b: 0o060000, p: 0o010000 } as const

/** The nodes that every container has. */
const defaultDevices: readonly LinuxDevice[] = (
  [
    ['/dev/null', 1, 3],
    ['/dev/zero', 1, 5],
    ['/dev/full', 1, 7],
    ['/dev/random', 1, 8],
    ['/dev/urandom', 1, 9],
    ['/dev/tty', 5, 0],
  ] as const
).map(([path, major, minor]) => ({ type: 'c', path, major, minor, fileMode: 0o666, uid: 0, gid: 0 }))

/** The nodes that every container has and that are not of its spec's making. @internal */
export function missingDevices(spec: Spec): LinuxDevice[] {
  const own = spec.linux?.devices ?? []
  return defaultDevices.filter(({ path }) => !own.some((device) => device.path === path))
}

/** Nodes and links in /dev, which is then complete but for the console. @internal */
export function deviceSteps(spec: Spec, hasKcore: boolean): Step[] {
  const bind = isPrivate(spec, 'user') ? 1 : 0
  const own = spec.linux?.devices ?? []
  const links: [path: string, target: string][] = [
    ['/dev/fd', '/proc/self/fd'],
    ['/dev/stdin', '/proc/self/fd/0'],
    ['/dev/stdout', '/proc/self/fd/1'],
    ['/dev/stderr', '/proc/self/fd/2'],
  ]
  if (hasKcore) links.push(['/dev/core', '/proc/kcore'])
  return [
    ...[...own, ...missingDevices(spec)]
      .filter(({ path }) => path !== '/dev/ptmx')
      .map((device) => nodeStep(device, bind)),
    { kind: 'symlink', path: '/dev/ptmx', target: 'pts/ptmx', replace: 1 },
    ...links.map(([path, target]): Step => ({ kind: 'symlink', path, target, replace: 0 })),
  ]
}

function nodeStep(device: LinuxDevice, bind: number): Step {
  return {
    kind: 'device',
    path: device.path,
    type: types[device.type],
    major: device.major ?? 0,
    minor: device.minor ?? 0,
    mode: (device.fileMode ?? 0o666) & 0o7777,
    uid: device.uid ?? 0,
    gid: device.gid ?? 0,
    bind,
  }
}
