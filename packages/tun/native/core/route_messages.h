// Route netlink messages as events: link, address and route changes.
#pragma once

#include <net/if.h>

#include <array>
#include <cstdint>
#include <optional>
#include <span>

namespace tunscope {

// The numbers are mirrored by src/native/native-link-watch.ts.
enum class LinkEventKind : int32_t { kLink = 0, kAddress = 1, kRoute = 2, kOverrun = 3 };

struct LinkEvent {
  LinkEventKind kind = LinkEventKind::kLink;
  int32_t interface_index = 0;
  bool is_deleted = false;
  // Links.
  std::array<char, IFNAMSIZ> name{};
  bool is_up = false;
  bool is_running = false;
  uint32_t link_mtu_bytes = 0;
  // Addresses and routes: 4 or 6, and the address in network order.
  uint8_t family = 0;
  std::array<uint8_t, 16> address{};
  bool is_default = false;
};

// Reads one buffer that a netlink socket gave; messages that say nothing to us are passed over.
class RouteMessageReader {
 public:
  explicit RouteMessageReader(std::span<const uint8_t> bytes) : bytes_(bytes) {}
  // Nothing at the end, and at the first malformed message.
  std::optional<LinkEvent> next();

 private:
  std::span<const uint8_t> bytes_;
};

}  // namespace tunscope
