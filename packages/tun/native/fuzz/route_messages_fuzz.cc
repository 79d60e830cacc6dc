// Any bytes as netlink messages: no harm, and never more events than messages fit.

#include <linux/netlink.h>

#include <vector>

#include "../core/route_messages.h"
#include "byte_source.h"

using namespace tunscope;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t length) {
  const std::vector<uint8_t> exact(bytes, bytes + length);
  RouteMessageReader reader(exact);
  size_t events = 0;
  while (const auto event = reader.next()) {
    events += 1;
    require(event->name.back() == '\0');
    require(event->kind == LinkEventKind::kLink || event->family == 4 || event->family == 6);
  }
  require(events * NLMSG_HDRLEN <= length);
  return 0;
}
