// Addresses where a cloud answers whoever asks from the right machine: link-local ones, and metadata services elsewhere.
// A store that named one could make the operator fetch its node's identity.

import { BlockList, isIP } from "node:net";

const refused = new BlockList();
/** RFC 3927. AWS, Azure, Google Cloud: 169.254.169.254; credentials of ECS and EKS pods: 169.254.170.2, 169.254.170.23. */
refused.addSubnet("169.254.0.0", 16, "ipv4");
/** RFC 4291, section 2.5.6. */
refused.addSubnet("fe80::", 10, "ipv6");
/** RFC 6052: the IPv4 range as a NAT64 gateway understands it. */
refused.addSubnet("64:ff9b::a9fe:0", 112, "ipv6");
/** EC2 (fd00:ec2::254) and EKS pod identity (fd00:ec2::23): AWS EC2 user guide, "Instance metadata and user data". */
refused.addSubnet("fd00:ec2::", 32, "ipv6");
/** Google Cloud, "VM metadata": the IPv6 address of the metadata server. */
refused.addAddress("fd20:ce::254", "ipv6");
/** Azure, "What is IP address 168.63.129.16?": the host's own services. */
refused.addAddress("168.63.129.16", "ipv4");
/** Alibaba Cloud ECS, "Instance metadata". */
refused.addAddress("100.100.100.200", "ipv4");

/** Names that only a metadata service has: where a proxy resolves names, no address is seen. */
const refusedNames: ReadonlySet<string> = new Set(["metadata.google.internal", "instance-data.ec2.internal"]);

/** `host`: of a URL, or what a name resolved to. A name that is not known here is none. */
export function isMetadataAddress(host: string): boolean {
  const [address = ""] = host.replace(/^\[|\]$/g, "").split("%");
  const family = isIP(address);
  if (family === 0) return refusedNames.has(address.toLowerCase().replace(/\.$/, ""));
  return refused.check(address, family === 4 ? "ipv4" : "ipv6");
}
