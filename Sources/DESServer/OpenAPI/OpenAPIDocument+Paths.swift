extension OpenAPIDocument {
    /// What can be asked for, and how it is answered.
    static let paths = #"""
        {
            "/files/{uid}": {
              "parameters": [
                {"$ref": "#/components/parameters/uid"},
                {"$ref": "#/components/parameters/created_at"}
              ],
              "get": {
                "operationId": "getFile",
                "tags": ["files"],
                "summary": "The bytes of a file, or one range of them",
                "parameters": [
                  {"$ref": "#/components/parameters/If-Match"},
                  {"$ref": "#/components/parameters/If-None-Match"},
                  {"$ref": "#/components/parameters/Range"},
                  {"$ref": "#/components/parameters/If-Range"}
                ],
                "responses": {
                  "200": {
                    "description": "The whole file. Its content type is the one stored in its meta as \#
        `content_type`, else that of a picture, film or sound by the end of its uid, else application/octet-stream.",
                    "headers": {
                      "Accept-Ranges": {
                        "$ref": "#/components/headers/Accept-Ranges"
                      },
                      "Cache-Control": {
                        "$ref": "#/components/headers/Cache-Control"
                      },
                      "ETag": {
                        "$ref": "#/components/headers/ETag"
                      }
                    },
                    "content": {"*/*": {}}
                  },
                  "206": {
                    "description": "The range that was asked for.",
                    "headers": {
                      "Accept-Ranges": {
                        "$ref": "#/components/headers/Accept-Ranges"
                      },
                      "Cache-Control": {
                        "$ref": "#/components/headers/Cache-Control"
                      },
                      "ETag": {
                        "$ref": "#/components/headers/ETag"
                      },
                      "Content-Range": {
                        "$ref": "#/components/headers/Content-Range"
                      }
                    },
                    "content": {"*/*": {}}
                  },
                  "304": {
                    "description": "The client has the file already.",
                    "headers": {
                      "Cache-Control": {
                        "$ref": "#/components/headers/Cache-Control"
                      },
                      "ETag": {
                        "$ref": "#/components/headers/ETag"
                      }
                    }
                  },
                  "400": {"$ref": "#/components/responses/BadRequest"},
                  "401": {"$ref": "#/components/responses/Unauthorized"},
                  "403": {"$ref": "#/components/responses/Forbidden"},
                  "404": {"$ref": "#/components/responses/NotFound"},
                  "412": {"$ref": "#/components/responses/PreconditionFailed"},
                  "416": {"$ref": "#/components/responses/RangeNotSatisfiable"},
                  "429": {"$ref": "#/components/responses/TooManyRequests"},
                  "500": {"$ref": "#/components/responses/Failed"},
                  "502": {"$ref": "#/components/responses/StoreRefuses"},
                  "503": {"$ref": "#/components/responses/Unavailable"}
                }
              },
              "head": {
                "operationId": "headFile",
                "tags": ["files"],
                "summary": "The headers of a file; its payload is not read",
                "parameters": [
                  {"$ref": "#/components/parameters/If-Match"},
                  {"$ref": "#/components/parameters/If-None-Match"}
                ],
                "responses": {
                  "200": {
                    "description": "The headers of the whole file; `Content-Length` is its size.",
                    "headers": {
                      "Accept-Ranges": {
                        "$ref": "#/components/headers/Accept-Ranges"
                      },
                      "Cache-Control": {
                        "$ref": "#/components/headers/Cache-Control"
                      },
                      "ETag": {
                        "$ref": "#/components/headers/ETag"
                      }
                    }
                  },
                  "304": {
                    "description": "The client has the file already.",
                    "headers": {
                      "Cache-Control": {
                        "$ref": "#/components/headers/Cache-Control"
                      },
                      "ETag": {
                        "$ref": "#/components/headers/ETag"
                      }
                    }
                  },
                  "400": {"$ref": "#/components/responses/BadRequest"},
                  "401": {"$ref": "#/components/responses/Unauthorized"},
                  "403": {"$ref": "#/components/responses/Forbidden"},
                  "404": {"$ref": "#/components/responses/NotFound"},
                  "412": {"$ref": "#/components/responses/PreconditionFailed"},
                  "429": {"$ref": "#/components/responses/TooManyRequests"},
                  "500": {"$ref": "#/components/responses/Failed"},
                  "502": {"$ref": "#/components/responses/StoreRefuses"},
                  "503": {"$ref": "#/components/responses/Unavailable"}
                }
              }
            },
            "/meta/{uid}": {
              "parameters": [
                {"$ref": "#/components/parameters/uid"},
                {"$ref": "#/components/parameters/created_at"}
              ],
              "get": {
                "operationId": "getMeta",
                "tags": ["files"],
                "summary": "What the index says of a file; its payload is not read",
                "responses": {
                  "200": {
                    "description": "What the index of the shard says.",
                    "content": {
                      "application/json": {
                        "schema": {
                          "$ref": "#/components/schemas/Meta"
                        }
                      }
                    }
                  },
                  "400": {"$ref": "#/components/responses/BadRequest"},
                  "401": {"$ref": "#/components/responses/Unauthorized"},
                  "403": {"$ref": "#/components/responses/Forbidden"},
                  "404": {"$ref": "#/components/responses/NotFound"},
                  "429": {"$ref": "#/components/responses/TooManyRequests"},
                  "500": {"$ref": "#/components/responses/Failed"},
                  "502": {"$ref": "#/components/responses/StoreRefuses"},
                  "503": {"$ref": "#/components/responses/Unavailable"}
                }
              },
              "head": {
                "operationId": "headMeta",
                "tags": ["files"],
                "summary": "Whether there is such a file",
                "responses": {
                  "200": {"description": "The headers alone."},
                  "400": {"$ref": "#/components/responses/BadRequest"},
                  "401": {"$ref": "#/components/responses/Unauthorized"},
                  "403": {"$ref": "#/components/responses/Forbidden"},
                  "404": {"$ref": "#/components/responses/NotFound"},
                  "429": {"$ref": "#/components/responses/TooManyRequests"},
                  "500": {"$ref": "#/components/responses/Failed"},
                  "502": {"$ref": "#/components/responses/StoreRefuses"},
                  "503": {"$ref": "#/components/responses/Unavailable"}
                }
              }
            },
            "/files/{uid}/meta": {
              "parameters": [
                {"$ref": "#/components/parameters/uid"},
                {"$ref": "#/components/parameters/created_at"}
              ],
              "get": {
                "operationId": "getMetaBelowFile",
                "tags": ["files"],
                "deprecated": true,
                "summary": "What the index says of a file; its payload is not read",
                "description": "As /meta/{uid}, which is to be preferred: a proxy that decodes %2F makes a request like this \#
        one of a request for the file whose uid is `{uid}/meta`. If there is such a file, too, the answer is 400.",
                "responses": {
                  "200": {
                    "description": "What the index of the shard says.",
                    "content": {
                      "application/json": {
                        "schema": {
                          "$ref": "#/components/schemas/Meta"
                        }
                      }
                    }
                  },
                  "400": {"$ref": "#/components/responses/BadRequest"},
                  "401": {"$ref": "#/components/responses/Unauthorized"},
                  "403": {"$ref": "#/components/responses/Forbidden"},
                  "404": {"$ref": "#/components/responses/NotFound"},
                  "429": {"$ref": "#/components/responses/TooManyRequests"},
                  "500": {"$ref": "#/components/responses/Failed"},
                  "502": {"$ref": "#/components/responses/StoreRefuses"},
                  "503": {"$ref": "#/components/responses/Unavailable"}
                }
              },
              "head": {
                "operationId": "headMetaBelowFile",
                "tags": ["files"],
                "summary": "Whether there is such a file",
                "responses": {
                  "200": {"description": "The headers alone."},
                  "400": {"$ref": "#/components/responses/BadRequest"},
                  "401": {"$ref": "#/components/responses/Unauthorized"},
                  "403": {"$ref": "#/components/responses/Forbidden"},
                  "404": {"$ref": "#/components/responses/NotFound"},
                  "429": {"$ref": "#/components/responses/TooManyRequests"},
                  "500": {"$ref": "#/components/responses/Failed"},
                  "502": {"$ref": "#/components/responses/StoreRefuses"},
                  "503": {"$ref": "#/components/responses/Unavailable"}
                }
              }
            },
            "/files/batch": {
              "post": {
                "operationId": "getFiles",
                "tags": ["files"],
                "summary": "Many files in one stream, in no certain order",
                "description": "Without `Accept: application/x-tar` the answer is multipart/mixed: one part a \#
        file, also for a file that is not sent, with `DES-Index` (place in the request), `DES-Uid` \#
        (percent-encoded), `DES-Created-At`, `DES-Status` and `Content-Length`. A tar holds the files that are \#
        there; its last member `_des_report.json` tells of the others (`not_sent`) and of names that are not \#
        the uid (`renamed`). An answer without its end (last chunk, closing boundary, end of archive) is not \#
        whole: the connection was cut because a file could not be finished.",
                "requestBody": {
                  "required": true,
                  "content": {
                    "application/json": {
                      "schema": {
                        "$ref": "#/components/schemas/Batch"
                      }
                    }
                  }
                },
                "responses": {
                  "200": {
                    "description": "The files.",
                    "content": {
                      "multipart/mixed": {},
                      "application/x-tar": {}
                    }
                  },
                  "400": {"$ref": "#/components/responses/BadRequest"},
                  "401": {"$ref": "#/components/responses/Unauthorized"},
                  "403": {"$ref": "#/components/responses/Forbidden"},
                  "408": {"$ref": "#/components/responses/RequestTimeout"},
                  "413": {"$ref": "#/components/responses/ContentTooLarge"},
                  "422": {"$ref": "#/components/responses/UnprocessableContent"},
                  "429": {"$ref": "#/components/responses/TooManyRequests"},
                  "500": {"$ref": "#/components/responses/Failed"},
                  "502": {"$ref": "#/components/responses/StoreRefuses"},
                  "503": {"$ref": "#/components/responses/Unavailable"}
                }
              }
            },
            "/metrics": {
              "get": {
                "operationId": "metrics",
                "tags": ["service"],
                "security": [],
                "summary": "Metrics in the Prometheus text format",
                "description": "Open, unless the service is set to ask for a key here as well.",
                "responses": {
                  "200": {"description": "The text.", "content": {"text/plain": {}}},
                  "401": {"$ref": "#/components/responses/Unauthorized"}
                }
              },
              "head": {
                "operationId": "metricsHead",
                "tags": ["service"],
                "security": [],
                "summary": "Metrics in the Prometheus text format",
                "responses": {
                  "200": {"description": "The headers alone."},
                  "401": {"$ref": "#/components/responses/Unauthorized"}
                }
              }
            },
            "/health": {
              "get": {
                "operationId": "health",
                "tags": ["probes"],
                "security": [],
                "summary": "Whether the service works",
                "responses": {
                  "200": {
                    "description": "Yes.",
                    "content": {
                      "application/json": {
                        "schema": {
                          "$ref": "#/components/schemas/Health"
                        }
                      }
                    }
                  },
                  "503": {
                    "description": "No.",
                    "content": {
                      "application/json": {
                        "schema": {
                          "$ref": "#/components/schemas/Health"
                        }
                      }
                    }
                  }
                }
              },
              "head": {
                "operationId": "healthHead",
                "tags": ["probes"],
                "security": [],
                "summary": "Whether the service works",
                "responses": {"200": {"description": "Yes."}, "503": {"description": "No."}}
              }
            },
            "/health/live": {
              "get": {
                "operationId": "live",
                "tags": ["probes"],
                "security": [],
                "summary": "Whether the service should be left running",
                "responses": {
                  "200": {
                    "description": "Yes.",
                    "content": {
                      "application/json": {
                        "schema": {
                          "$ref": "#/components/schemas/Health"
                        }
                      }
                    }
                  },
                  "503": {
                    "description": "No.",
                    "content": {
                      "application/json": {
                        "schema": {
                          "$ref": "#/components/schemas/Health"
                        }
                      }
                    }
                  }
                }
              },
              "head": {
                "operationId": "liveHead",
                "tags": ["probes"],
                "security": [],
                "summary": "Whether the service should be left running",
                "responses": {"200": {"description": "Yes."}, "503": {"description": "No."}}
              }
            },
            "/health/ready": {
              "get": {
                "operationId": "ready",
                "tags": ["probes"],
                "security": [],
                "summary": "Whether the service should be sent requests: it is up, it does not drain, and the \#
        store answers",
                "responses": {
                  "200": {
                    "description": "Yes.",
                    "content": {
                      "application/json": {
                        "schema": {
                          "$ref": "#/components/schemas/Health"
                        }
                      }
                    }
                  },
                  "503": {
                    "description": "No.",
                    "content": {
                      "application/json": {
                        "schema": {
                          "$ref": "#/components/schemas/Health"
                        }
                      }
                    }
                  }
                }
              },
              "head": {
                "operationId": "readyHead",
                "tags": ["probes"],
                "security": [],
                "summary": "Whether the service should be sent requests: it is up, it does not drain, and the \#
        store answers",
                "responses": {"200": {"description": "Yes."}, "503": {"description": "No."}}
              }
            },
            "/openapi.json": {
              "get": {
                "operationId": "openapi",
                "tags": ["service"],
                "security": [],
                "summary": "This document",
                "responses": {
                  "200": {
                    "description": "The text.",
                    "content": {"application/json": {}}
                  }
                }
              },
              "head": {
                "operationId": "openapiHead",
                "tags": ["service"],
                "security": [],
                "summary": "This document",
                "responses": {"200": {"description": "The headers alone."}}
              }
            }
          }
        """#
}
