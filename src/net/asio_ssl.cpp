// Asio's TLS, compiled once (BOOST_ASIO_SEPARATE_COMPILATION). Only the client uses it.
#include <boost/asio/ssl/impl/src.hpp>
