/**
 * Which addresses may be connected to for a caller: public ones, and networks that the configuration opens. A name proves nothing, so
 * this is asked of what DNS answered, and the connection is made to exactly that.
 *
 * The ranges are those of IANA's special-purpose registries. Of IPv6 only global unicast is public at all, so that loopback, local
 * and multicast addresses, and IPv4 ones in disguise (mapped, NAT64), need no lines of their own; 6to4 and Teredo do.
 */
import { BlockList, isIP } from 'node:net';
import { invalid } from '@floe/graph/base';

const SPECIAL_V4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
];
const GLOBAL_V6 = ['2000::/3'];
const SPECIAL_V6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];

const special = listOf([...SPECIAL_V4, ...SPECIAL_V6]);
const globalV6 = listOf(GLOBAL_V6);

export class AddressPolicy {
  private readonly opened: BlockList;

  /** `networks` in CIDR form may be connected to whatever they are. Throws INVALID_ARGUMENT. */
  constructor(networks: readonly string[]) {
    this.opened = listOf(networks);
  }

  allows(address: string): boolean {
    const family = isIP(address);
    // A zone (`fe80::1%eth0`) names an interface of this machine: never anyone's public address.
    if (family === 0 || address.includes('%')) return false;
    if (family === 4) return this.opened.check(address) || !special.check(address);
    if (this.opened.check(address, 'ipv6')) return true;
    return globalV6.check(address, 'ipv6') && !special.check(address, 'ipv6');
  }
}

function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', bits = ''] = network.split('/');
    const family = isIP(address);
    if (family === 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > (family === 4 ? 32 : 128)) {
      throw invalid(`"${network}" is no network such as 10.0.0.0/8`, { field: network });
    }
    list.addSubnet(address, Number(bits), family === 4 ? 'ipv4' : 'ipv6');
  }
  return list;
}
