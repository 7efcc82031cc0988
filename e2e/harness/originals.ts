// SPDX-License-Identifier: Apache-2.0
import type { ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { imageArchive } from './programs.ts'
import { type Sandbox, until } from './sandbox.ts'

/** A daemon that answers. */
export interface Daemon {
  process: ChildProcess
  /** The socket's path, without scheme. */
  socket: string
}

/** Debian's containerd on a root, state directory and socket of the sandbox. */
export async function startContainerd(sandbox: Sandbox, name = 'containerd'): Promise<Daemon> {
  const socket = sandbox.path(name, 'c.sock')
  mkdirSync(sandbox.path(name), { recursive: true })
  const config = sandbox.path(name, 'config.toml')
  writeFileSync(
    config,
    `version = 2\nroot = "${sandbox.path(name, 'root')}"\nstate = "${sandbox.path(name, 'state')}"\n` +
      `disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]\n` +
      `[grpc]\n  address = "${socket}"\n`,
  )
  const child = sandbox.daemon(name, 'containerd', ['--config', config])
  await until('containerd answers', async () => (await sandbox.run('ctr', ['-a', socket, 'version'])).status === 0)
  return { process: child, socket }
}

/**
 * Debian's dockerd with a data root, exec root, containerd and socket of its own, without iptables rules, and without
 * a bridge unless `network` says otherwise.
 */
export async function startDockerd(sandbox: Sandbox, network: readonly string[] = ['--bridge=none']): Promise<Daemon> {
  const socket = sandbox.path('docker.sock')
  const config = sandbox.path('daemon.json')
  writeFileSync(config, '{}')
  const args = [
    ['--config-file', config],
    ['--data-root', sandbox.path('docker')],
    ['--exec-root', sandbox.path('dx')],
    ['--pidfile', sandbox.path('docker.pid')],
    ['--host', `unix://${socket}`],
    ['--cgroup-parent', sandbox.cgroupParent],
    ['--iptables=false', '--ip6tables=false'],
  ].flat()
  const child = sandbox.daemon('dockerd', '/usr/sbin/dockerd', [...args, ...network])
  await until('dockerd answers', async () => (await docker(sandbox, socket, 'version')).status === 0, 60_000)
  return { process: child, socket }
}

/** The docker CLI on a socket. */
export function docker(sandbox: Sandbox, socket: string, ...args: string[]) {
  return sandbox.run('docker', ['-H', `unix://${socket}`, ...args])
}

/** Debian's docker-registry on loopback in the sandbox, filled with the named test images; answers its address. */
export async function startRegistry(sandbox: Sandbox, images: readonly ('busybox' | 'debian')[] = ['busybox']) {
  const address = '127.0.0.1:5000'
  const config = sandbox.path('registry.yml')
  writeFileSync(
    config,
    `version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: ${sandbox.path('registry')}}, delete: {enabled: true}}\n` +
      `http: {addr: '${address}'}\n`,
  )
  const child = sandbox.daemon('registry', 'docker-registry', ['serve', config])
  await until(
    'the registry answers',
    async () => (await sandbox.run('bash', ['-c', `: </dev/tcp/127.0.0.1/5000`])).status === 0,
  )
  for (const image of images) await pushArchive(sandbox, image, address)
  return { process: child, address }
}

/** Pushes a test image into a registry with skopeo. */
export async function pushArchive(sandbox: Sandbox, image: 'busybox' | 'debian', address: string): Promise<void> {
  await sandbox.output('skopeo', [
    'copy',
    '--insecure-policy',
    '--dest-tls-verify=false',
    `docker-archive:${imageArchive(image)}`,
    `docker://${address}/${image}:latest`,
  ])
}

/** Which of the originals are not installed; a test that needs one says so by failing on a machine after `e2e/setup`. */
export function missingOriginals(): string[] {
  const programs = ['/usr/sbin/dockerd', '/usr/bin/containerd', '/usr/sbin/runc', '/usr/bin/crun', '/usr/bin/podman']
  return [...programs, '/usr/bin/skopeo', '/usr/bin/docker-registry', imageArchive('busybox')].filter(
    (file) => !existsSync(file),
  )
}
