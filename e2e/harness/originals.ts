// SPDX-License-Identifier: Apache-2.0
import type { ChildProcess } from 'node:child_process'
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { imageArchive } from './programs.ts'
import { type Sandbox, until } from './sandbox.ts'

/** A daemon that answers. */
export interface Daemon {
  process: ChildProcess
  /** The socket's path, without scheme. */
  socket: string
}

/** A dockerd that answers. */
export interface Dockerd extends Daemon {
  /** Its exec root. */
  root: string
}

/** What one of the originals' daemons is started with. */
export interface DaemonOptions {
  /** Of its log and its folder; two in one sandbox need two. Short: sockets lie below. */
  name?: string
  env?: Record<string, string>
  /** What runs it: a command whose last arguments are the program and its arguments, and which becomes that program. */
  under?: readonly string[]
}

/** Debian's containerd on a root, state directory and socket of the sandbox. */
export async function startContainerd(
  sandbox: Sandbox,
  { name = 'containerd', env = {}, under = [] }: DaemonOptions = {},
): Promise<Daemon> {
  const socket = sandbox.path(name, 'c.sock')
  mkdirSync(sandbox.path(name), { recursive: true })
  const config = sandbox.path(name, 'config.toml')
  writeFileSync(
    config,
    `version = 2\nroot = "${sandbox.path(name, 'root')}"\nstate = "${sandbox.path(name, 'state')}"\n` +
      `disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]\n` +
      `[grpc]\n  address = "${socket}"\n`,
  )
  const [program = '', ...command] = [...under, 'containerd', '--config', config]
  const child = sandbox.daemon(name, program, command, env)
  await until('containerd answers', async () => (await sandbox.run('ctr', ['-a', socket, 'version'])).status === 0)
  return { process: child, socket }
}

/** What a dockerd of Debian is started with. */
export interface DockerdOptions extends DaemonOptions {
  /** In place of `--bridge=none`, or more. */
  flags?: readonly string[]
}

/**
 * Debian's dockerd with a data root, exec root, containerd and socket of its own, without iptables rules, and without
 * a bridge unless `flags` say otherwise.
 */
export async function startDockerd(
  sandbox: Sandbox,
  { name = 'dockerd', flags = ['--bridge=none'], env = {}, under = [] }: DockerdOptions = {},
): Promise<Dockerd> {
  const [root, socket] = [sandbox.path(name), sandbox.path(`${name}.sock`)]
  const config = sandbox.path(`${name}.json`)
  writeFileSync(config, '{}')
  const args = [
    ['--config-file', config],
    ['--data-root', sandbox.path(`${name}-data`)],
    ['--exec-root', root],
    ['--pidfile', sandbox.path(`${name}.pid`)],
    ['--host', `unix://${socket}`],
    ['--cgroup-parent', sandbox.cgroupParent],
    ['--iptables=false', '--ip6tables=false'],
  ].flat()
  const [program = '', ...command] = [...under, '/usr/sbin/dockerd', ...args, ...flags]
  const child = sandbox.daemon(name, program, command, env)
  const answers = async () => (await docker(sandbox, socket, 'version')).status === 0
  await until('dockerd answers', answers, 60_000).catch((cause: unknown) => {
    throw new Error(`dockerd does not answer, and says:\n${sandbox.log(name).slice(-4000)}`, { cause })
  })
  return { process: child, socket, root }
}

/**
 * Ends a dockerd, and removes what it leaves: mounts of the network namespace of `--network host` and, if it was killed
 * once, of its data; of a containerd of its own that it took for hung, as it does on a busy machine, the stacks.
 */
export async function stopDockerd(sandbox: Sandbox, { process, root }: Dockerd): Promise<void> {
  await sandbox.stop(process)
  const left = [`${root}/netns/default`, `${root}-data`]
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n')
  for (const point of mounts.map((line) => line.split(' ')[4] ?? ''))
    if (left.includes(point)) await sandbox.output('umount', [point])
  for (const stacks of globSync(sandbox.path('tmp', 'containerd.*.stacks.log'))) rmSync(stacks)
}

/** The docker CLI on a socket. */
export function docker(sandbox: Sandbox, socket: string, ...args: string[]) {
  return sandbox.run('docker', ['-H', `unix://${socket}`, ...args])
}

/**
 * Debian's docker-registry on loopback in the sandbox, filled with the named test images; answers its address. `more` is
 * added to its file.
 */
export async function startRegistry(
  sandbox: Sandbox,
  images: readonly ('busybox' | 'debian')[] = ['busybox'],
  more = '',
) {
  const address = '127.0.0.1:5000'
  const config = sandbox.path('registry.yml')
  writeFileSync(
    config,
    `version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: ${sandbox.path('registry')}}, delete: {enabled: true}}\n` +
      `http: {addr: '${address}'}\n${more}`,
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
