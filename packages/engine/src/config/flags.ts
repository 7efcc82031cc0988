// SPDX-License-Identifier: Apache-2.0
import { parseArgs } from 'node:util'
import { messageOf, StackError } from '@teu/errors'

/** The daemon's flags, named as dockerd's. */
export interface DaemonFlags {
  help: boolean
  version: boolean
  debug: boolean | undefined
  dataRoot: string | undefined
  execRoot: string | undefined
  hosts: string[]
  containerd: string | undefined
  containerdNamespace: string | undefined
  configFile: string | undefined
  pidfile: string | undefined
  bridge: string | undefined
  bip: string | undefined
  group: string | undefined
  cgroupParent: string | undefined
  defaultRuntime: string | undefined
  addRuntimes: string[]
  logDriver: string | undefined
  logOpts: string[]
  logLevel: string | undefined
  insecureRegistries: string[]
  registryMirrors: string[]
  labels: string[]
  tcpInsecure: boolean
  tcpNames: string[]
}

/** What `--help` prints. */
export const usage = `Usage: teu-engine [OPTIONS]

The Docker Engine API over containerd.

Options:
      --add-runtime name=path        Register an OCI runtime (repeatable)
      --bip string                   Address of the bridge, such as 10.88.0.1/16
  -b, --bridge string                Bridge of the default network (default "teu0")
      --cgroup-parent string         Parent of the containers' cgroups (default "/teu")
      --config-file string           Configuration file (default "/etc/teu/daemon.json")
      --containerd string            Socket of containerd (default "/run/teu/containerd.sock")
      --containerd-namespace string  Namespace to use there (default "moby")
      --data-root string             Root of lasting state (default "/var/lib/teu")
  -D, --debug                        Tell more
      --default-runtime string       Runtime of containers that name none
      --exec-root string             Root of state of this boot (default "/run/teu")
  -G, --group string                 Group of the unix socket (default "teu")
  -H, --host list                    Sockets to listen on (default "unix:///run/teu/engine.sock")
      --help                         Print usage
      --insecure-registry list       Registries to talk to without a trusted certificate
      --label list                   key=value of this engine, shown by info
      --log-driver string            How containers' output is kept (default "json-file")
  -l, --log-level string             debug, info, warn or error (default "info")
      --log-opt map                  Options of the log driver, key=value
  -p, --pidfile string               Where the daemon's pid is written
      --registry-mirror list         Mirrors of Docker Hub
      --tcp-insecure                 Allow plain TCP beyond loopback
      --tcp-name list                Host names that TCP clients may use, beside addresses and this machine's name
  -v, --version                      Print the version

SIGHUP makes the daemon read its configuration file again.
`

const text = { type: 'string' } as const
const list = { type: 'string', multiple: true } as const
const flag = { type: 'boolean' } as const

const options = {
  help: flag,
  version: { ...flag, short: 'v' },
  debug: { ...flag, short: 'D' },
  'data-root': text,
  'exec-root': text,
  host: { ...list, short: 'H' },
  containerd: text,
  'containerd-namespace': text,
  'config-file': text,
  pidfile: { ...text, short: 'p' },
  bridge: { ...text, short: 'b' },
  bip: text,
  group: { ...text, short: 'G' },
  'cgroup-parent': text,
  'default-runtime': text,
  'add-runtime': list,
  'log-driver': text,
  'log-opt': list,
  'log-level': { ...text, short: 'l' },
  'insecure-registry': list,
  'registry-mirror': list,
  label: list,
  'tcp-insecure': flag,
  'tcp-name': list,
} as const

/** Reads the daemon's command line; `invalid-argument` for what is not on it. */
export function parseFlags(args: readonly string[]): DaemonFlags {
  const values = parse(args)
  return {
    help: values.help ?? false,
    version: values.version ?? false,
    debug: values.debug,
    dataRoot: values['data-root'],
    execRoot: values['exec-root'],
    hosts: values.host ?? [],
    containerd: values.containerd,
    containerdNamespace: values['containerd-namespace'],
    configFile: values['config-file'],
    pidfile: values.pidfile,
    bridge: values.bridge,
    bip: values.bip,
    group: values.group,
    cgroupParent: values['cgroup-parent'],
    defaultRuntime: values['default-runtime'],
    addRuntimes: values['add-runtime'] ?? [],
    logDriver: values['log-driver'],
    logOpts: values['log-opt'] ?? [],
    logLevel: values['log-level'],
    insecureRegistries: values['insecure-registry'] ?? [],
    registryMirrors: values['registry-mirror'] ?? [],
    labels: values.label ?? [],
    tcpInsecure: values['tcp-insecure'] ?? false,
    tcpNames: values['tcp-name'] ?? [],
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: false }).values
  } catch (error) {
    throw new StackError('invalid-argument', messageOf(error), { cause: error })
  }
}
