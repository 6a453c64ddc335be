#include "scheduler/policy/claim.h"

#include "scheduler/policy/timeline.h"
#include "tests/support/catch.h"
#include "tests/support/controller.h"

using namespace support;
using namespace std::chrono_literals;

TEST_CASE("a placement planned ahead keeps the whole limit of its job off a booking") {
  scheduler::Settings settings;
  settings.pools = {"default"};
  Controller controller(settings);
  controller.join(node("n1", 2));
  const auto now = controller.now();
  model::BookingSpec booking;
  booking.names = {"n1"};
  booking.start = now + 2h;
  booking.end = now + 3h;
  booking.is_maintenance = true;
  REQUIRE(controller.ask(scheduler::MakeBooking{controller.next_request(), user(0), booking}));

  const scheduler::View view{controller.engine().state(), settings.pools, settings.classes,
                             settings.workspaces, settings.licenses};
  const policy::Timeline timeline(view, now);
  const auto layout = *model::resolve({});
  const auto anywhere = [](const std::string&) { return true; };
  policy::Request request{
      .layout = layout,
      .duration = 30min,
      .limit = 90min,
      .nodes = std::make_shared<const policy::Selection>(timeline.kinds().select(anywhere, {})),
      .licenses = nullptr};
  REQUIRE(timeline.place_now(request).has_value());
  const auto soon = place_ahead(timeline, request, now, now + 30min);
  REQUIRE(soon.has_value());
  CHECK(soon->start == now + 30min);
  CHECK_FALSE(place_ahead(timeline, request, now, now + 31min).has_value());
  request.limit = 30min;
  CHECK(place_ahead(timeline, request, now, now + 31min).has_value());
}
