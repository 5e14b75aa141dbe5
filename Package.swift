// swift-tools-version: 6.1
import PackageDescription

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

/// One of our own modules; its folder is `Sources/<name>`.
func module(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []) -> Target {
    .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: settings)
}

/// An entry point of a few lines; everything it does lives in `DESCommands`.
func program(_ name: String) -> Target {
    .executableTarget(
        name: name,
        dependencies: ["DESCommands", .product(name: "ArgumentParser", package: "swift-argument-parser")],
        swiftSettings: settings
    )
}

func tests(of name: String, _ more: [Target.Dependency] = [], resources: [Resource] = []) -> Target {
    .testTarget(
        name: "\(name)Tests",
        dependencies: [.target(name: name)] + more,
        resources: resources,
        swiftSettings: settings
    )
}

let package = Package(
    name: "des",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "des", targets: ["des"]),
        .executable(name: "des-http", targets: ["des-http"]),
        .executable(name: "des-migrate", targets: ["des-migrate"]),
        .executable(name: "des-pack", targets: ["des-pack"]),
        .executable(name: "des-stats", targets: ["des-stats"]),
        .library(name: "DESShard", targets: ["DESShard"]),
        .library(name: "DESRouting", targets: ["DESRouting"]),
        .library(name: "DESRetrieval", targets: ["DESRetrieval"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
    ],
    targets: [
        .systemLibrary(name: "CLinux"),
        .systemLibrary(name: "CDeflate", pkgConfig: "libdeflate", providers: [.apt(["libdeflate-dev"])]),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        .systemLibrary(name: "CLZ4", pkgConfig: "liblz4", providers: [.apt(["liblz4-dev"])]),
        .systemLibrary(name: "CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CODBC", pkgConfig: "odbc", providers: [.apt(["unixodbc-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CHiredis", providers: [.apt(["libhiredis-dev"])]),
        .systemLibrary(name: "CExpat", pkgConfig: "expat", providers: [.apt(["libexpat1-dev"])]),

        module("DESBase", ["CLinux", "CDeflate", "COpenSSL"]),
        module("DESRouting", ["DESBase"]),
        module("DESShard", ["DESBase", "CLinux", "CZstd", "CLZ4"]),
        module("DESS3", ["DESBase", "CLinux", "CCurl", "CExpat"]),
        module("DESStorage", ["DESBase", "DESRouting", "DESShard", "DESS3"]),
        module("DESRetrieval", ["DESBase", "DESRouting", "DESShard", "DESS3", "DESStorage", "CHiredis"]),
        module("DESPostgres", ["DESBase", "CPostgres"]),
        module("DESODBC", ["DESBase", "CODBC"]),
        module("DESCatalog", ["DESBase"]),
        module("DESCatalogWatermark", ["DESBase", "DESCatalog"]),
        module(
            "DESCatalogSQLite",
            [
                "DESBase", "DESCatalog", "DESCatalogWatermark",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ]
        ),
        module("DESCatalogPostgres", ["DESBase", "DESPostgres", "DESCatalog", "DESCatalogWatermark"]),
        module("DESCatalogODBC", ["DESBase", "DESODBC", "DESCatalog"]),
        module("DESCoordination", ["DESBase", "DESRouting", "DESCatalog"]),
        module("DESCoordinationPostgres", ["DESBase", "DESRouting", "DESPostgres", "DESCatalog", "DESCoordination"]),
        module(
            "DESConfiguration",
            [
                "DESBase", "DESRouting", "DESShard", "DESS3", "DESTelemetry", "Yams",
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        module(
            "DESHTTPFront",
            [
                "DESBase",
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]
        ),
        module(
            "DESTelemetry",
            [
                "DESBase",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
            ]
        ),
        module(
            "DESServer",
            [
                "DESBase", "DESRouting", "DESShard", "DESS3", "DESRetrieval", "DESConfiguration", "DESHTTPFront",
                "DESTelemetry", "COpenSSL",
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            // A bundle beside the program could be left behind.
            resources: [.embedInCode("OpenAPI/openapi.json")]
        ),
        module(
            "DESMigration",
            [
                "DESBase", "DESRouting", "DESShard", "DESStorage", "DESS3", "DESCatalog", "DESCatalogWatermark",
                "DESCoordination", "DESTelemetry",
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        module(
            "DESReconciliation",
            [
                "DESBase", "DESRouting", "DESShard", "DESStorage", "DESCatalog", "DESTelemetry", "DESMigration",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        module(
            "DESCommands",
            [
                "DESMigration", "DESReconciliation", "DESRetrieval", "DESServer", "DESHTTPFront", "DESConfiguration",
                "DESBase", "DESRouting", "DESShard", "DESStorage", "DESS3", "DESCatalog",
                "DESCatalogWatermark", "DESCatalogSQLite", "DESCatalogPostgres", "DESCatalogODBC",
                "DESCoordinationPostgres",
                "DESPostgres", "DESTelemetry",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ]
        ),
        program("des"),
        program("des-http"),
        program("des-migrate"),
        program("des-pack"),
        program("des-stats"),

        tests(of: "DESBase", ["DESRouting", "DESTestSupport"]),
        // A clock, random numbers, folders, and real servers for tests, which the scripts of Tests/Support start.
        .target(
            name: "DESTestSupport", dependencies: ["DESBase", "DESTelemetry", "CPostgres"],
            path: "Tests/DESTestSupport",
            swiftSettings: settings
        ),
        tests(of: "DESPostgres", ["DESTestSupport"]),
        tests(of: "DESRouting", ["DESBase"], resources: [.copy("Golden")]),
        tests(of: "DESShard", ["DESBase", "DESTestSupport"], resources: [.copy("Golden")]),
        tests(of: "DESS3", ["DESBase", "DESTestSupport"]),
        tests(of: "DESStorage", ["DESBase", "DESRouting", "DESShard", "DESS3", "DESTestSupport"]),
        tests(
            of: "DESRetrieval",
            ["DESBase", "DESRouting", "DESShard", "DESS3", "DESStorage", "DESTestSupport"]
        ),
        tests(
            of: "DESCatalog",
            [
                "DESBase", "DESPostgres", "DESODBC", "DESCatalogWatermark", "DESCatalogSQLite", "DESCatalogPostgres",
                "DESCatalogODBC", "DESTestSupport",
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ]
        ),
        tests(
            of: "DESCoordination",
            ["DESBase", "DESCatalog", "DESCoordinationPostgres", "DESPostgres", "DESRouting", "DESTestSupport"]
        ),
        tests(
            of: "DESConfiguration",
            [
                "DESRouting", "DESShard", "DESS3", "DESTelemetry", "DESTestSupport",
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        tests(
            of: "DESTelemetry",
            [
                "DESBase", "DESTestSupport",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
            ]
        ),
        tests(
            of: "DESServer",
            [
                "DESBase", "DESConfiguration", "DESHTTPFront", "DESRetrieval", "DESRouting", "DESShard", "DESTelemetry",
                "DESTestSupport",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]
        ),
        tests(
            of: "DESMigration",
            [
                "DESBase", "DESRouting", "DESShard", "DESStorage", "DESS3", "DESCatalog", "DESCatalogWatermark",
                "DESCatalogSQLite", "DESCoordination", "DESCoordinationPostgres", "DESTelemetry", "DESTestSupport",
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        tests(
            of: "DESReconciliation",
            [
                "DESBase", "DESRouting", "DESShard", "DESStorage", "DESCatalog", "DESCatalogSQLite", "DESMigration",
                "DESTestSupport",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        tests(
            of: "DESCommands",
            [
                "DESBase", "DESRouting", "DESShard", "DESStorage", "DESCatalog", "DESHTTPFront", "DESMigration",
                "DESTestSupport",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]
        ),
    ]
)

// The programs of Benchmarks/ are no package of their own, since they measure what is for this package alone, and `package` reaches
// no further. They are no part of it either unless somebody asks for them, as the Makefile does for `make bench…` and `make test`.
if Context.environment["DES_BENCHMARKS"] != nil {
    package.targets += [
        .executableTarget(
            name: "catalog-benchmark", dependencies: ["DESBase", "DESCatalog", "DESCatalogPostgres", "DESCatalogODBC"],
            path: "Benchmarks/Catalog",
            swiftSettings: settings
        ),
        .executableTarget(
            name: "s3-benchmark", dependencies: ["DESS3", "DESStorage", "DESBase"], path: "Benchmarks/ObjectStorage",
            exclude: ["multi.c", "sink.py"], swiftSettings: settings
        ),
    ]
}
