// Parses rtnetlink messages with every length compared before it is used.

#include "route_messages.h"

#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

namespace tunscope {
namespace {

template <typename Value>
std::optional<Value> load(std::span<const uint8_t> bytes) {
  if (bytes.size() < sizeof(Value)) {
    return std::nullopt;
  }
  Value value{};
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

struct Attribute {
  uint16_t type = 0;
  std::span<const uint8_t> value;
};

class AttributeReader {
 public:
  explicit AttributeReader(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  std::optional<Attribute> next() {
    const auto header = load<rtattr>(bytes_);
    if (!header.has_value() || header->rta_len < RTA_LENGTH(0) || header->rta_len > bytes_.size()) {
      return std::nullopt;
    }
    const Attribute attribute{.type = header->rta_type,
                              .value = bytes_.subspan(RTA_LENGTH(0), header->rta_len - RTA_LENGTH(0))};
    bytes_ = bytes_.subspan(std::min<size_t>(RTA_ALIGN(header->rta_len), bytes_.size()));
    return attribute;
  }

 private:
  std::span<const uint8_t> bytes_;
};

uint8_t family_number(uint8_t address_family) {
  if (address_family == AF_INET) {
    return 4;
  }
  return address_family == AF_INET6 ? 6 : 0;
}

std::optional<LinkEvent> read_link(std::span<const uint8_t> body, bool is_deleted) {
  const auto message = load<ifinfomsg>(body);
  // Bridges report their ports with another family; the plain message about the same link comes too.
  if (!message.has_value() || message->ifi_family != AF_UNSPEC) {
    return std::nullopt;
  }
  LinkEvent event;
  event.kind = LinkEventKind::kLink;
  event.interface_index = message->ifi_index;
  event.is_deleted = is_deleted;
  event.is_up = (message->ifi_flags & IFF_UP) != 0;
  event.is_running = (message->ifi_flags & IFF_RUNNING) != 0;
  AttributeReader attributes(body.subspan(std::min<size_t>(NLMSG_ALIGN(sizeof *message), body.size())));
  while (const auto attribute = attributes.next()) {
    if (attribute->type == IFLA_IFNAME) {
      const size_t length = std::min(attribute->value.size(), event.name.size() - 1);
      std::copy_n(attribute->value.begin(), length, event.name.begin());
    } else if (attribute->type == IFLA_MTU) {
      event.link_mtu_bytes = load<uint32_t>(attribute->value).value_or(0);
    }
  }
  return event;
}

std::optional<LinkEvent> read_address(std::span<const uint8_t> body, bool is_deleted) {
  const auto message = load<ifaddrmsg>(body);
  if (!message.has_value() || family_number(message->ifa_family) == 0) {
    return std::nullopt;
  }
  LinkEvent event;
  event.kind = LinkEventKind::kAddress;
  event.interface_index = static_cast<int32_t>(message->ifa_index);
  event.is_deleted = is_deleted;
  event.family = family_number(message->ifa_family);
  const size_t address_length = event.family == 4 ? 4 : 16;
  bool is_local_known = false;
  AttributeReader attributes(body.subspan(std::min<size_t>(NLMSG_ALIGN(sizeof *message), body.size())));
  while (const auto attribute = attributes.next()) {
    // On point-to-point links IFA_ADDRESS is the peer and IFA_LOCAL is ours.
    const bool is_better = attribute->type == IFA_LOCAL || (attribute->type == IFA_ADDRESS && !is_local_known);
    if (is_better && attribute->value.size() >= address_length) {
      std::copy_n(attribute->value.begin(), address_length, event.address.begin());
      is_local_known = is_local_known || attribute->type == IFA_LOCAL;
    }
  }
  return event;
}

std::optional<LinkEvent> read_route(std::span<const uint8_t> body, bool is_deleted) {
  const auto message = load<rtmsg>(body);
  if (!message.has_value() || family_number(message->rtm_family) == 0) {
    return std::nullopt;
  }
  LinkEvent event;
  event.kind = LinkEventKind::kRoute;
  event.is_deleted = is_deleted;
  event.family = family_number(message->rtm_family);
  event.is_default = message->rtm_dst_len == 0;
  AttributeReader attributes(body.subspan(std::min<size_t>(NLMSG_ALIGN(sizeof *message), body.size())));
  while (const auto attribute = attributes.next()) {
    if (attribute->type == RTA_OIF) {
      event.interface_index = load<int32_t>(attribute->value).value_or(0);
    }
  }
  return event;
}

std::optional<LinkEvent> read_message(uint16_t type, std::span<const uint8_t> body) {
  switch (type) {
    case RTM_NEWLINK:
    case RTM_DELLINK:
      return read_link(body, type == RTM_DELLINK);
    case RTM_NEWADDR:
    case RTM_DELADDR:
      return read_address(body, type == RTM_DELADDR);
    case RTM_NEWROUTE:
    case RTM_DELROUTE:
      return read_route(body, type == RTM_DELROUTE);
    default:
      return std::nullopt;
  }
}

}  // namespace

std::optional<LinkEvent> RouteMessageReader::next() {
  while (const auto header = load<nlmsghdr>(bytes_)) {
    if (header->nlmsg_len < NLMSG_HDRLEN || header->nlmsg_len > bytes_.size()) {
      return std::nullopt;
    }
    const auto body = bytes_.subspan(NLMSG_HDRLEN, header->nlmsg_len - NLMSG_HDRLEN);
    const size_t step = std::min<size_t>(NLMSG_ALIGN(size_t{header->nlmsg_len}), bytes_.size());
    bytes_ = bytes_.subspan(step);
    if (const auto event = read_message(header->nlmsg_type, body)) {
      return event;
    }
  }
  return std::nullopt;
}

}  // namespace tunscope
