// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path'
import { StackError } from '@teu/errors'
import { isErrno, RouteNetlink } from '@teu/linux'
import { BridgeNetwork } from './bridge/bridge-network.ts'
import { writeContainerFiles } from './files/write-files.ts'
import type { CallOptions, ConnectRequest, NetworkEvent, NetworkService, Sandbox } from './network-service.ts'
import { builtinNetworks, newId, readNetworkState, writeNetworkState } from './network-state.ts'
import { bridgeEndpoint, endpointView, networkView, settingsView } from './network-views.ts'
import { parseNetworkMode, validateNetwork } from './validate-network.ts'

/** Constructor data of a {@link NetworkService}. */
export interface NetworkServiceInit {
  /** Kept over reboots: ids, and the bridge's subnet. */
  dataRoot: string
  /** Gone after a reboot, as links are: namespaces and leases. */
  execRoot: string
  /** The bridge's interface. `teu0` by default. */
  bridgeName?: string
  /** The bridge's own address with prefix (`--bip`); by default a subnet that overlaps nothing on the host. */
  bridgeAddress?: string
  /** 1500 by default. */
  mtu?: number
  onEvent?: (event: NetworkEvent) => void
}

const shareFiles = (sharesHost: boolean, gateway?: string) => ({ sharesHost, gateway })

/** Everything of a service; the functions below are its methods. */
class Networks {
  readonly bridge: BridgeNetwork
  readonly state
  /** Which containers are on a network without a link, to tell of their leaving. */
  readonly #plain = new Map<string, 'host' | 'none'>()
  readonly #init: NetworkServiceInit

  constructor(init: NetworkServiceInit) {
    this.#init = init
    const path = join(init.dataRoot, 'networks.json')
    this.state = readNetworkState(path)
    writeNetworkState(path, this.state)
    this.bridge = new BridgeNetwork({
      name: init.bridgeName ?? 'teu0',
      address: init.bridgeAddress,
      mtu: init.mtu ?? 1500,
      netnsDirectory: join(init.execRoot, 'netns'),
      leaseDirectory: join(init.execRoot, 'network'),
      state: this.state,
      save: () => writeNetworkState(path, this.state),
    })
  }

  event(action: NetworkEvent['action'], network: 'bridge' | 'host' | 'none', container: string): void {
    const type = network === 'none' ? 'null' : network
    const attributes = { container, name: network, type }
    this.#init.onEvent?.({ action, id: this.state.ids[network], attributes })
  }

  /** A container without an interface of ours: alone, or on the host's network. */
  connectPlain(request: ConnectRequest, network: 'host' | 'none'): Sandbox {
    const files = writeContainerFiles(request, shareFiles(network === 'host', this.bridge.gateway()))
    const endpoints = { [network]: endpointView(this.state.ids[network], newId()) }
    const kind = network === 'host' ? 'host' : 'new'
    this.#plain.set(request.containerId, network)
    this.event('connect', network, request.containerId)
    return { namespace: { kind }, files, endpoints, sandboxId: newId(), sandboxKey: '', warnings: [] }
  }

  /** A container in the network of another one, whose files it shares. */
  connectJoined(request: ConnectRequest, id: string): Sandbox {
    const { joinPid, joinDirectory } = request
    if (joinPid === undefined || joinPid <= 0) {
      throw new StackError('conflict', `cannot join network of a non running container: ${id}`)
    }
    const shared = joinDirectory ?? undefined
    const files =
      shared === undefined
        ? writeContainerFiles(request, shareFiles(false, this.bridge.gateway()))
        : {
            hostname: join(shared, 'hostname'),
            hosts: join(shared, 'hosts'),
            resolvConf: join(shared, 'resolv.conf'),
          }
    const namespace = { kind: 'path' as const, path: `/proc/${joinPid}/ns/net` }
    return { namespace, files, endpoints: {}, sandboxId: '', sandboxKey: '', warnings: [] }
  }

  connectBridge(request: ConnectRequest): Sandbox {
    const lease = this.bridge.connect(request)
    try {
      const address = this.bridge.address()
      const [gateway] = address.split('/')
      const files = writeContainerFiles(request, { sharesHost: false, address: lease.address, gateway })
      this.event('connect', 'bridge', request.containerId)
      return {
        namespace: { kind: 'path', path: lease.netns },
        files,
        endpoints: { bridge: bridgeEndpoint(this.state.ids.bridge, lease, address) },
        sandboxId: lease.sandboxId,
        sandboxKey: lease.netns,
        warnings: [],
      }
    } catch (error) {
      this.bridge.release(request.containerId)
      throw error
    }
  }

  release(containerId: string): void {
    const plain = this.#plain.get(containerId)
    if (this.bridge.release(containerId)) this.event('disconnect', 'bridge', containerId)
    else if (plain && this.#plain.delete(containerId)) this.event('disconnect', plain, containerId)
  }

  view(name: (typeof builtinNetworks)[number]) {
    const { name: bridgeName, mtu } = this.bridge
    return networkView({ name, state: this.state, bridgeName, mtu, leases: this.bridge.leases() })
  }
}

function connect(networks: Networks, request: ConnectRequest, options: CallOptions = {}): Sandbox {
  options.signal?.throwIfAborted()
  const mode = parseNetworkMode(request.hostConfig.NetworkMode)
  if (mode.kind === 'bridge') return networks.connectBridge(request)
  if (mode.kind === 'container') return networks.connectJoined(request, mode.id)
  return networks.connectPlain(request, mode.kind)
}

/** A network by its id, name or a part of its id, in this order; `not-found` and `invalid-argument` as dockerd. */
function find(networks: Networks, reference: string) {
  const { ids } = networks.state
  const exact = builtinNetworks.find((name) => ids[name] === reference || name === reference)
  if (exact) return networks.view(exact)
  const matches = reference === '' ? [] : builtinNetworks.filter((name) => ids[name].startsWith(reference))
  if (matches.length > 1) {
    throw new StackError(
      'invalid-argument',
      `network ${reference} is ambiguous (${matches.length} matches found based on ID prefix)`,
    )
  }
  const [match] = matches
  if (!match) throw new StackError('not-found', `network ${reference} not found`)
  return networks.view(match)
}

/** Errors of the kernel in the words of whoever asked for a network. */
function inWords(error: unknown): unknown {
  if (!isErrno(error)) return error
  return new StackError('internal', `failed to set up container networking: ${(error as Error).message}`, {
    cause: error,
  })
}

/**
 * The networks of an engine: `bridge`, `host`, `none` and `container:`. The bridge is made when the first container
 * needs it, so an engine without networked containers changes nothing on the host.
 */
export function createNetworkService(init: NetworkServiceInit): NetworkService {
  const networks = new Networks(init)
  return {
    validate: (hostConfig) => validateNetwork(hostConfig, networks.bridge.gateway() ?? '172.17.0.1'),
    async connect(request, options) {
      try {
        return connect(networks, request, options)
      } catch (error) {
        throw inWords(error)
      }
    },
    async release(containerId) {
      networks.release(containerId)
    },
    async restore(live) {
      using net = RouteNetlink.open()
      networks.bridge.restore(net, live)
    },
    settings: settingsView,
    list: async () => builtinNetworks.map((name) => networks.view(name)),
    inspect: async (reference) => find(networks, reference),
  }
}
