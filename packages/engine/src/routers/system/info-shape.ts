// SPDX-License-Identifier: Apache-2.0
import { compareApiVersions, type DiskUsageResult, type InfoResult } from '@teu/engine-api'

/** Fields that stopped to mean anything and that older clients still look for. */
const formerFields = { BridgeNfIptables: false, BridgeNfIp6tables: false }
const formerRegistryFields = {
  AllowNondistributableArtifactsCIDRs: null,
  AllowNondistributableArtifactsHostnames: null,
}

/** The answer of `/info` in the shape of an API version. */
export function infoIn(version: string, info: InfoResult): object {
  if (compareApiVersions(version, '1.49') >= 0) return info
  const expected = ({ ID }: { ID: string }) => ({ ID, Expected: ID })
  return {
    ...info,
    ...formerFields,
    RegistryConfig: { ...formerRegistryFields, ...info.RegistryConfig },
    ContainerdCommit: expected(info.ContainerdCommit),
    RuncCommit: expected(info.RuncCommit),
    InitCommit: expected(info.InitCommit),
  }
}

/** The answer of `/system/df` in the shape of an API version. */
export function diskUsageIn(version: string, usage: Partial<DiskUsageResult>): object {
  if (compareApiVersions(version, '1.44') >= 0) return usage
  return { ...usage, Images: usage.Images?.map((image) => ({ ...image, VirtualSize: image.Size })) }
}

/** The types of a request for disk usage: before 1.42 there was no choice. */
export function usageTypesIn(version: string, types: readonly string[]): readonly string[] {
  return compareApiVersions(version, '1.42') < 0 ? [] : types
}
