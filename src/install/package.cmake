# `cpack -G DEB`: a Debian package of what `cmake --install` gives; `cpack` alone: an archive of it. Whoever
# gives a package away says who that is: `-D CPACK_PACKAGE_CONTACT='NAME <MAIL>'`.
set(CPACK_GENERATOR TGZ)
set(CPACK_PACKAGE_NAME lcmpi)
set(CPACK_PACKAGE_CONTACT "the lcmpi authors <lcmpi@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "laboratory for logical time on MPI and HDF5")
set(CPACK_PACKAGE_DESCRIPTION
    "Each MPI rank is one virtual machine with a tick rate of its own, messages
are its network, and logical clocks stamp every event. Events, messages and
consistent snapshots go into one HDF5 file that survives a crash and can be
verified. In virtual time the same system is a deterministic parallel
simulator.")
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(launcher openmpi-bin)
if("${MPI_C_LIBRARIES}" MATCHES mpich)
  set(launcher mpich)
endif()
set(CPACK_DEBIAN_PACKAGE_DEPENDS "${launcher}, python3")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "python3-h5py, python3-pandas, python3-matplotlib, libjs-chart.js")
configure_file(src/install/debian.cmake.in ${generated}/debian.cmake @ONLY)
set(CPACK_PRE_BUILD_SCRIPTS ${generated}/debian.cmake)
include(CPack)
