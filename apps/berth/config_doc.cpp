#include "server/config_doc.h"

#include <fmt/format.h>

#include "commands.h"

namespace berth {

int run_config_doc() {
  fmt::print("{}", config_document());
  return 0;
}

}  // namespace berth
