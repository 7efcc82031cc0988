// SPDX-License-Identifier: Apache-2.0

/** The name of the profile of containers that name none, as everybody knows it. */
export const defaultProfileName = 'docker-default'

/**
 * The text of the profile {@link defaultProfileName}, as apparmor_parser reads it. Inside its own files a container
 * may do what its capabilities allow; it may not mount, and of the kernel's files it may write those alone that belong
 * to its namespaces.
 *
 * @param abstractions - whether the machine has AppArmor's own includes
 */
export function defaultProfile(abstractions: boolean): string {
  return [
    ...(abstractions ? ['#include <tunables/global>'] : ['@{PROC}=/proc/']),
    '',
    `profile ${defaultProfileName} flags=(attach_disconnected,mediate_deleted) {`,
    ...(abstractions ? ['  #include <abstractions/base>'] : []),
    ...rules.map((rule) => `  ${rule},`),
    '}',
    '',
  ].join('\n')
}

const rules: readonly string[] = [
  'network',
  'capability',
  'file',
  'umount',
  // The engine may stop its containers, and their processes may signal one another.
  'signal (receive) peer=unconfined',
  'signal (receive) peer={runc,crun,teu-runtime}',
  `signal (send,receive) peer=${defaultProfileName}`,
  `ptrace (trace,read,tracedby,readby) peer=${defaultProfileName}`,
  'deny mount',
  // The machine's own settings; those of the namespaces stay: shm, sem, msg, hostname, domainname, mqueue, net.
  'deny @{PROC}/sys/{abi,crypto,debug,dev,sunrpc,user,vm}/** wklx',
  'deny @{PROC}/sys/fs/[^m]** wklx',
  'deny @{PROC}/sys/kernel/[^dhms]** wklx',
  'deny @{PROC}/sys/kernel/{d[^o],h[^o],m[^s],s[^eh]}** wklx',
  'deny @{PROC}/sys/kernel/seccomp/** wklx',
  'deny @{PROC}/{sysrq-trigger,kcore,mem} rwklx',
  'deny @{PROC}/{acpi,asound,bus,driver,fs,irq,scsi}/** wklx',
  'deny /sys/{block,bus,class,dev,devices,firmware,hypervisor,kernel,module,power}/** wklx',
  'deny /sys/fs/[^c]** wklx',
  'deny /sys/kernel/security/** rwklx',
]
