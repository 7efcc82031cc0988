// SPDX-License-Identifier: Apache-2.0
import type { InfoResult } from '@teu/engine-api'
import type { RegistryAccess } from '../registry/image-registry-client.ts'

/** Networks whose registries need no trusted certificate, whatever the settings say: this machine's own. */
const ownNetworks = ['::1/128', '127.0.0.0/8']

/** How registries are reached, as `info` tells it. */
export function registryConfigOf(access: RegistryAccess): InfoResult['RegistryConfig'] {
  const { insecureRegistries = [], registryMirrors = [] } = access
  const networks = insecureRegistries.filter((entry) => entry.includes('/'))
  const hosts = insecureRegistries.filter((entry) => !entry.includes('/'))
  const official = { Name: 'docker.io', Mirrors: [...registryMirrors], Secure: true, Official: true }
  const insecure = hosts.map((Name) => [Name, { Name, Mirrors: [], Secure: false, Official: false }] as const)
  return {
    InsecureRegistryCIDRs: [...ownNetworks, ...networks],
    IndexConfigs: { 'docker.io': official, ...Object.fromEntries(insecure) },
    Mirrors: registryMirrors.length > 0 ? [...registryMirrors] : null,
  }
}
