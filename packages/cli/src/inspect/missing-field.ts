// SPDX-License-Identifier: Apache-2.0
import { Nil } from '../format/go-template/values.ts'

const nil = { list: new Nil('list'), map: new Nil('map'), pointer: new Nil('pointer') }

/**
 * Fields of inspected objects that a reply leaves out, or sends as null, when they are empty. Templates are written
 * for the original's types, where such a field is there and has a value that is false.
 */
const emptyFields: Readonly<Record<string, unknown>> = {
  ...fieldsOf(nil.pointer, 'Health Healthcheck ImageManifestDescriptor StopTimeout IPAMConfig SizeRw SizeRootFs Init'),
  ...fieldsOf(nil.pointer, 'MemorySwappiness OomKillDisable PidsLimit Descriptor'),
  ...fieldsOf(nil.list, 'Args Binds BlkioDeviceReadBps BlkioDeviceReadIOps BlkioDeviceWriteBps BlkioDeviceWriteIOps'),
  ...fieldsOf(nil.list, 'BlkioWeightDevice CapAdd CapDrop Cmd DeviceCgroupRules DeviceRequests Devices Dns DnsOptions'),
  ...fieldsOf(nil.list, 'DnsSearch Entrypoint Env ExecIDs ExtraHosts GroupAdd Links MaskedPaths Mounts OnBuild'),
  ...fieldsOf(nil.list, 'ReadonlyPaths RepoDigests RepoTags SecondaryIPAddresses SecondaryIPv6Addresses SecurityOpt'),
  ...fieldsOf(nil.list, 'Shell Ulimits VolumesFrom Aliases DNSNames Manifests Layers'),
  ...fieldsOf(
    nil.map,
    'Annotations ExposedPorts Labels PortBindings Ports StorageOpt Sysctls Tmpfs Volumes DriverOpts',
  ),
  ...fieldsOf(nil.map, 'Networks Options'),
  ...fieldsOf('', 'Runtime StopSignal MacAddress Variant OsVersion Name Driver Author Comment Parent'),
  ...fieldsOf(false, 'ArgsEscaped NetworkDisabled'),
}

function fieldsOf(value: unknown, names: string): Record<string, unknown> {
  return Object.fromEntries(names.split(' ').map((name) => [name, value]))
}

/**
 * What a template sees for a key that a reply does not hold: the same key in the case the wire uses (`.ID` for `Id`,
 * `.HostConfig.NanoCPUs` for `NanoCpus`), or the empty value of a field that the reply leaves out. Undefined when
 * there is no such field.
 */
export function missingField(map: Record<string, unknown>, name: string): unknown {
  if (/^[A-Z]/.test(name)) {
    const folded = name.toLowerCase()
    const key = Object.keys(map).find((other) => other !== name && other.toLowerCase() === folded)
    if (key !== undefined) return map[key]
  }
  return Object.hasOwn(emptyFields, name) ? emptyFields[name] : undefined
}
