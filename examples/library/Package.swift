// swift-tools-version: 6.1
import PackageDescription

let package = Package(
    name: "read-file",
    platforms: [.macOS(.v15)],
    dependencies: [
        // In a package of your own: .package(url: "https://…/des.git", from: "1.0.0")
        .package(name: "des", path: "../..")
    ],
    targets: [
        .executableTarget(
            name: "read-file",
            dependencies: [
                .product(name: "DESRetrieval", package: "des"),
                .product(name: "DESRouting", package: "des"),
            ])
    ]
)
