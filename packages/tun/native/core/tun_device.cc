// Opens a TUN device, steps offloads down to what the kernel takes, and reads packets one behind another.

#include "tun_device.h"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "packet_check.h"
#include "virtio_header.h"

namespace tunscope {
namespace {

// A super-segment is at most 65,535 bytes; one byte more shows a read that filled the buffer.
constexpr size_t kPacketRoom = 65'536;
// Packets start on cache lines, so that headers of neighbours do not share one.
constexpr size_t kPacketAlignment = 64;

SystemFailure failure(Syscall syscall) { return {.error = errno, .syscall = syscall}; }

// `to` is zeroed and stays terminated, whatever the length of `from`.
void copy_name(std::span<char> to, const char* from) {
  std::memcpy(to.data(), from, ::strnlen(from, to.size() - 1));
}

size_t aligned(size_t offset) { return (offset + kPacketAlignment - 1) / kPacketAlignment * kPacketAlignment; }

bool is_gone(int error) { return error == EBADFD || error == ENODEV || error == EBADF; }

}  // namespace

SystemFailure TunDevice::open(const char* name, int32_t wish) {
  descriptor_.reset(::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (!descriptor_.is_open()) {
    return failure(Syscall::kOpenTun);
  }
  unsigned int features = 0;
  if (::ioctl(descriptor_.get(), TUNGETFEATURES, &features) != 0) {
    return failure(Syscall::kTunGetFeatures);
  }
  const bool with_virtio_header = (wish & kOffloadVirtioHeader) != 0 && (features & IFF_VNET_HDR) != 0;
  if (const SystemFailure failed = attach(name, with_virtio_header); failed.is_failure()) {
    return failed;
  }
  // Without the virtio header nobody could say that a checksum is unfinished.
  return agree_on_offloads(with_virtio_header ? wish : 0);
}

SystemFailure TunDevice::attach(const char* name, bool with_virtio_header) {
  ifreq request{};
  copy_name(request.ifr_name, name);
  request.ifr_flags = static_cast<short>(IFF_TUN | IFF_NO_PI | (with_virtio_header ? IFF_VNET_HDR : 0));
  if (::ioctl(descriptor_.get(), TUNSETIFF, &request) != 0) {
    // The kernel says EINVAL both for a bad name and for a name that another kind of device has.
    const bool is_taken = errno == EINVAL && ::if_nametoindex(name) != 0;
    return is_taken ? SystemFailure{.error = EEXIST, .syscall = Syscall::kTunSetIff} : failure(Syscall::kTunSetIff);
  }
  copy_name(name_, request.ifr_name);
  if (with_virtio_header) {
    int header_size = sizeof(VirtioHeader);
    if (::ioctl(descriptor_.get(), TUNSETVNETHDRSZ, &header_size) != 0) {
      return failure(Syscall::kTunSetVnetHeaderSize);
    }
    offloads_ |= kOffloadVirtioHeader;
  }
  const UniqueFd control(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!control.is_open()) {
    return failure(Syscall::kSocket);
  }
  if (::ioctl(control.get(), SIOCGIFINDEX, &request) != 0) {
    return failure(Syscall::kInterfaceIndex);
  }
  interface_index_ = request.ifr_ifindex;
  return {};
}

// A persistent device keeps the offloads of its last user, so the kernel is told even when we want none.
SystemFailure TunDevice::agree_on_offloads(int32_t wish) {
  constexpr std::array<int32_t, 5> kSteps = {
      kOffloadChecksum | kOffloadTso4 | kOffloadTso6, kOffloadChecksum | kOffloadTso4,
      kOffloadChecksum | kOffloadTso6, kOffloadChecksum, 0};
  for (const int32_t step : kSteps) {
    if ((step & wish) != step) {
      continue;
    }
    const unsigned long kernel_bits = ((step & kOffloadChecksum) != 0 ? TUN_F_CSUM : 0UL) |
                                      ((step & kOffloadTso4) != 0 ? TUN_F_TSO4 : 0UL) |
                                      ((step & kOffloadTso6) != 0 ? TUN_F_TSO6 : 0UL);
    if (::ioctl(descriptor_.get(), TUNSETOFFLOAD, kernel_bits) == 0) {
      offloads_ |= step;
      return {};
    }
    if (errno != EINVAL) {
      return failure(Syscall::kTunSetOffload);
    }
  }
  return {};
}

int32_t TunDevice::read_batch(const PacketBatch& batch, size_t limit) {
  const size_t header_size = has(kOffloadVirtioHeader) ? sizeof(VirtioHeader) : 0;
  const size_t end = batch.region_offset + batch.region_length;
  size_t start = aligned(batch.region_offset + sizeof(VirtioHeader));
  size_t count = 0;
  const size_t most = std::min(limit, batch.offset.size());
  while (count < most && start + kPacketRoom <= end) {
    uint8_t* into = &batch.arena[start - header_size];
    const ssize_t got = ::read(descriptor_.get(), into, header_size + kPacketRoom);
    if (got < 0) {
      if (errno == EINTR) {
        continue;
      }
      if (is_gone(errno) && count == 0) {
        return -1;
      }
      break;
    }
    // A read shorter than the header is an empty packet: counted by the caller, described by nothing.
    const size_t length = static_cast<size_t>(got) > header_size ? static_cast<size_t>(got) - header_size : 0;
    VirtioHeader header{};
    if (header_size != 0 && static_cast<size_t>(got) >= header_size) {
      std::memcpy(&header, into, sizeof header);
    }
    const PacketFinding finding = check_packet(header, batch.arena.subspan(start, length));
    batch.offset[count] = static_cast<int32_t>(start);
    batch.length[count] = static_cast<int32_t>(length);
    batch.segment_size[count] = finding.segment_size;
    batch.verdict[count] = static_cast<uint8_t>(finding.verdict);
    count += 1;
    start = aligned(start + length + sizeof(VirtioHeader));
  }
  return static_cast<int32_t>(count);
}

SystemFailure TunDevice::link_mtu(int32_t& mtu_bytes) const {
  ifreq request{};
  // The interface may have been renamed since it was opened.
  if (::ioctl(descriptor_.get(), TUNGETIFF, &request) != 0) {
    return failure(Syscall::kTunGetIff);
  }
  const UniqueFd control(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!control.is_open()) {
    return failure(Syscall::kSocket);
  }
  if (::ioctl(control.get(), SIOCGIFMTU, &request) != 0) {
    return failure(Syscall::kInterfaceMtu);
  }
  mtu_bytes = request.ifr_mtu;
  return {};
}

}  // namespace tunscope
