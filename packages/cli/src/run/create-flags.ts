// SPDX-License-Identifier: Apache-2.0
import {
  checkDeviceRule,
  checkEnvName,
  checkExtraHost,
  checkIp,
  checkLabel,
  checkLink,
  checkSearchDomain,
  checkStream,
  checkSysctl,
} from '../flags/checks.ts'
import { parseGpus } from '../flags/device.ts'
import { bytes, cpus, duration, integer, list, map, text, toggle, unsigned, values } from '../flags/kinds.ts'
import { parseBpsDevice, parseIopsDevice, parseUlimit, parseWeightDevice } from '../flags/limits.ts'
import { parseMount } from '../flags/mount.ts'
import { parseNetwork } from '../flags/network.ts'

const process = {
  attach: list('Streams to attach: stdin, stdout, stderr', { char: 'a', check: checkStream }),
  entrypoint: text("Program to run instead of the image's entrypoint"),
  env: list('Environment variables', { char: 'e', check: checkEnvName }),
  'env-file': list('Files of environment variables'),
  'group-add': list('Supplementary groups'),
  init: toggle('Run a small init as process 1 that forwards signals and reaps children'),
  interactive: toggle('Keep stdin open without a client', { char: 'i' }),
  'stop-signal': text('Signal that stops the container'),
  'stop-timeout': integer('Seconds to wait after the stop signal before killing'),
  tty: toggle('Give the container a terminal', { char: 't' }),
  user: text('User to run as (<name|uid>[:<group|gid>])', { char: 'u' }),
  workdir: text('Directory to start in', { char: 'w' }),
  rm: toggle('Remove the container and its anonymous volumes when it ends'),
  restart: text('When to start the container again after it ends', { initial: 'no' }),
}

const identity = {
  annotation: map('Annotations for the OCI runtime'),
  cidfile: text("File to write the container's id to"),
  domainname: text('NIS domain name'),
  hostname: text('Host name', { char: 'h' }),
  label: list('Labels', { char: 'l', check: checkLabel }),
  'label-file': list('Files of labels, one a line'),
  name: text('Name of the container'),
}

const networking = {
  'add-host': list('Extra lines of /etc/hosts (host:ip)', { check: checkExtraHost }),
  dns: list('Name servers', { check: checkIp }),
  'dns-opt': list('Resolver options', { hidden: true, sameAs: 'dns-option' }),
  'dns-option': list('Resolver options'),
  'dns-search': list('Search domains', { check: checkSearchDomain }),
  expose: list('Ports or port ranges to expose'),
  ip: text('IPv4 address on the network'),
  ip6: text('IPv6 address on the network'),
  link: list('Legacy links to other containers', { check: checkLink }),
  'link-local-ip': list('Link-local addresses', { check: checkIp }),
  'mac-address': text('MAC address (such as 92:d0:c6:0a:29:33)'),
  net: values('network', 'Networks to join', parseNetwork, { hidden: true, sameAs: 'network' }),
  'net-alias': list('Names on the network', { hidden: true, sameAs: 'network-alias' }),
  network: values('network', 'Networks to join', parseNetwork),
  'network-alias': list('Names on the network'),
  publish: list('Container ports to publish on the host', { char: 'p' }),
  'publish-all': toggle('Publish every exposed port on a free port', { char: 'P' }),
}

const storage = {
  mount: values('mount', 'Mounts in the long form', parseMount),
  'read-only': toggle('Make the root filesystem read-only'),
  'shm-size': bytes('Size of /dev/shm'),
  'storage-opt': list('Options of the storage driver'),
  tmpfs: list('Directories on tmpfs'),
  volume: list('Bind mounts and volumes', { char: 'v' }),
  'volume-driver': text('Driver of new volumes'),
  'volumes-from': list('Containers to take the volumes of'),
}

const security = {
  'cap-add': list('Capabilities to add'),
  'cap-drop': list('Capabilities to drop'),
  cgroupns: text("Cgroup namespace: 'host', 'private', or the engine's default"),
  ipc: text('IPC namespace'),
  pid: text('PID namespace'),
  privileged: toggle('Give the container all of the host'),
  'security-opt': list('Security options'),
  userns: text('User namespace'),
  uts: text('UTS namespace'),
}

const resources = {
  'blkio-weight': unsigned('Block IO weight, 10 to 1000, or 0 for none', 16, { defaultText: '0' }),
  'blkio-weight-device': values('list', 'Block IO weight of devices', parseWeightDevice, { defaultText: '[]' }),
  'cgroup-parent': text('Parent cgroup'),
  'cpu-count': integer('Number of CPUs (Windows)', { hidden: true }),
  'cpu-percent': integer('Percent of CPU (Windows)', { hidden: true }),
  'cpu-period': integer('CFS period in microseconds'),
  'cpu-quota': integer('CFS quota in microseconds'),
  'cpu-rt-period': integer('Real-time period in microseconds'),
  'cpu-rt-runtime': integer('Real-time runtime in microseconds'),
  'cpu-shares': integer('Relative CPU weight', { char: 'c' }),
  cpus: cpus('Number of CPUs'),
  'cpuset-cpus': text('CPUs to run on (0-3, 0,1)'),
  'cpuset-mems': text('Memory nodes to use (0-3, 0,1)'),
  device: list('Devices of the host'),
  'device-cgroup-rule': list('Rules of the device cgroup', { check: checkDeviceRule }),
  'device-read-bps': values('list', 'Read rate of devices, bytes a second', parseBpsDevice, { defaultText: '[]' }),
  'device-read-iops': values('list', 'Read rate of devices, IO a second', parseIopsDevice, { defaultText: '[]' }),
  'device-write-bps': values('list', 'Write rate of devices, bytes a second', parseBpsDevice, { defaultText: '[]' }),
  'device-write-iops': values('list', 'Write rate of devices, IO a second', parseIopsDevice, { defaultText: '[]' }),
  gpus: values('gpu-request', "GPUs ('all' for every one)", parseGpus),
  'io-maxbandwidth': bytes('IO bandwidth of the system drive (Windows)', { hidden: true }),
  'io-maxiops': unsigned('IO operations of the system drive (Windows)', 64, { hidden: true }),
  isolation: text('Isolation technology'),
  'kernel-memory': bytes('Kernel memory limit', { hidden: true }),
  memory: bytes('Memory limit', { char: 'm' }),
  'memory-reservation': bytes('Soft memory limit'),
  'memory-swap': bytes("Memory and swap together; '-1' is no limit", { unlimited: true }),
  'memory-swappiness': integer('Swappiness, 0 to 100', { initial: -1 }),
  'oom-kill-disable': toggle('Do not kill when out of memory'),
  'oom-score-adj': integer('Preference of the OOM killer, -1000 to 1000'),
  'pids-limit': integer('Limit of processes; -1 is no limit'),
  sysctl: map('Kernel parameters of the container', { check: checkSysctl }),
  ulimit: values('ulimit', 'Resource limits of processes', parseUlimit, { defaultText: '[]' }),
}

const health = {
  'health-cmd': text('Command that checks health'),
  'health-interval': duration('Time between checks'),
  'health-retries': integer('Failures in a row that mean unhealthy'),
  'health-start-interval': duration('Time between checks during the start period'),
  'health-start-period': duration('Time to start up before failures count'),
  'health-timeout': duration('Time one check may take'),
  'no-healthcheck': toggle("Switch the image's health check off"),
}

const engine = {
  'disable-content-trust': toggle('Skip image verification', { initial: true }),
  'log-driver': text('Logging driver'),
  'log-opt': list('Options of the logging driver'),
  platform: text('Platform of the image, where there are several'),
  pull: text('When to pull the image: always, missing, never', { initial: 'missing' }),
  quiet: toggle('No output of the pull', { char: 'q' }),
  runtime: text('OCI runtime to use'),
  'use-api-socket': toggle("Give the container the engine's socket and its credentials"),
}

/** The flags that `create` and `run` share. */
export const createFlags = {
  ...identity,
  ...process,
  ...networking,
  ...storage,
  ...security,
  ...resources,
  ...health,
  ...engine,
}

/** The values of {@link createFlags}. */
export type CreateFlagValues = {
  readonly [Name in keyof typeof createFlags]: (typeof createFlags)[Name]['initial']
}
