// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

/** The networks that always exist. */
export const builtinNetworks = ['bridge', 'host', 'none'] as const

/** One of {@link builtinNetworks}. */
export type BuiltinNetwork = (typeof builtinNetworks)[number]

/** What is kept of the networks over a reboot: their ids, and the bridge's place among addresses. */
export interface NetworkState {
  ids: Record<BuiltinNetwork, string>
  createdAt: string
  /** The bridge's own address with prefix, as `172.17.0.1/16`. */
  bridgeAddress?: string | undefined
}

/** A new identifier, 64 hex digits. */
export function newId(): string {
  return randomBytes(32).toString('hex')
}

function fresh(): NetworkState {
  return { ids: { bridge: newId(), host: newId(), none: newId() }, createdAt: new Date().toISOString() }
}

/** Reads the state; one that is missing or broken is made anew. */
export function readNetworkState(path: string): NetworkState {
  try {
    const state = JSON.parse(readFileSync(path, 'utf8')) as NetworkState
    if (builtinNetworks.every((name) => /^[0-9a-f]{64}$/.test(state.ids[name]))) return state
  } catch {
    // Nothing depends on the old ids: containers name networks, they do not number them.
  }
  return fresh()
}

/** Writes the state so that a crash leaves the old one or the new one. */
export function writeNetworkState(path: string, state: NetworkState): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const fd = openSync(`${path}.tmp`, 'w', 0o600)
  try {
    writeSync(fd, JSON.stringify(state))
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
  renameSync(`${path}.tmp`, path)
}
