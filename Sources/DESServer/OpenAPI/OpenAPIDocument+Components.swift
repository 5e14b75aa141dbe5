extension OpenAPIDocument {
    /// What the paths refer to.
    static let components = #"""
        {
            "securitySchemes": {
              "bearer": {"type": "http", "scheme": "bearer"},
              "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"}
            },
            "parameters": {
              "uid": {
                "name": "uid",
                "in": "path",
                "required": true,
                "description": "Percent-encoded UTF-8, slashes as %2F; at most 65,535 bytes.",
                "schema": {"type": "string", "minLength": 1}
              },
              "created_at": {
                "name": "created_at",
                "in": "query",
                "required": true,
                "description": "The file's time in the catalog, RFC 3339; without a zone it is UTC. A + of an offset is written as %2B.",
                "schema": {"type": "string"},
                "example": "2024-01-02T03:04:05Z"
              },
              "If-Match": {"name": "If-Match", "in": "header", "schema": {"type": "string"}},
              "If-None-Match": {"name": "If-None-Match", "in": "header", "schema": {"type": "string"}},
              "If-Range": {"name": "If-Range", "in": "header", "schema": {"type": "string"}},
              "Range": {
                "name": "Range",
                "in": "header",
                "description": "One range of bytes. Of several ranges, and of other units, the whole file is \#
        sent; what is malformed is answered with 416.",
                "schema": {"type": "string"},
                "example": "bytes=0-1023"
              }
            },
            "headers": {
              "Accept-Ranges": {"schema": {"type": "string"}},
              "Cache-Control": {"schema": {"type": "string"}},
              "Content-Range": {"schema": {"type": "string"}},
              "ETag": {"schema": {"type": "string"}},
              "Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}
            },
            "responses": {
              "BadRequest": {
                "description": "The request cannot be understood: the uid, created_at or the body.",
                "content": {
                  "application/json": {
                    "schema": {
                      "$ref": "#/components/schemas/Problem"
                    }
                  }
                }
              },
              "Unauthorized": {
                "description": "A key is needed.",
                "content": {
                  "application/json": {
                    "schema": {
                      "$ref": "#/components/schemas/Problem"
                    }
                  }
                }
              },
              "Forbidden": {
                "description": "The key may not do this.",
                "content": {
                  "application/json": {
                    "schema": {
                      "$ref": "#/components/schemas/Problem"
                    }
                  }
                }
              },
              "NotFound": {
                "description": "There is no such file. Never sent because of an error.",
                "content": {
                  "application/json": {
                    "schema": {
                      "$ref": "#/components/schemas/Problem"
                    }
                  }
                }
              },
              "RequestTimeout": {
                "description": "The body did not arrive in time.",
                "content": {
                  "application/json": {
                    "schema": {
                      "$ref": "#/components/schemas/Problem"
                    }
                  }
                }
              },
              "PreconditionFailed": {
                "description": "The file is there, but not the one of the condition.",
                "content": {
                  "application/json": {
                    "schema": {
                      "$ref": "#/components/schemas/Problem"
                    }
                  }
                }
              },
              "ContentTooLarge": {
                "description": "The body is too large, or names more than 10,000 files.",
                "content": {
                  "application/json": {
                    "schema": {
                      "$ref": "#/components/schemas/Problem"
                    }
                  }
                }
              },
              "RangeNotSatisfiable": {
                "description": "The range is malformed, or not inside the file.",
                "content": {
                  "application/json": {
                    "schema": {
                      "$ref": "#/components/schemas/Problem"
                    }
                  }
                },
                "headers": {
                  "Content-Range": {
                    "$ref": "#/components/headers/Content-Range"
                  }
                }
              },
              "UnprocessableContent": {
                "description": "The body is JSON of another shape.",
                "content": {
                  "application/json": {
                    "schema": {
                      "$ref": "#/components/schemas/Problem"
                    }
                  }
                }
              },
              "TooManyRequests": {
                "description": "Too many requests of this key.",
                "content": {
                  "application/json": {
                    "schema": {
                      "$ref": "#/components/schemas/Problem"
                    }
                  }
                },
                "headers": {"Retry-After": {"$ref": "#/components/headers/Retry-After"}}
              },
              "Failed": {
                "description": "The file, or the shard it would be in, is damaged, or no zone holds the uid.",
                "content": {
                  "application/json": {
                    "schema": {
                      "$ref": "#/components/schemas/Problem"
                    }
                  }
                }
              },
              "StoreRefuses": {
                "description": "The store refuses the service.",
                "content": {
                  "application/json": {
                    "schema": {
                      "$ref": "#/components/schemas/Problem"
                    }
                  }
                },
                "headers": {"Retry-After": {"$ref": "#/components/headers/Retry-After"}}
              },
              "Unavailable": {
                "description": "The store does not answer as it should, or the service has too much to do.",
                "content": {
                  "application/json": {
                    "schema": {
                      "$ref": "#/components/schemas/Problem"
                    }
                  }
                },
                "headers": {"Retry-After": {"$ref": "#/components/headers/Retry-After"}}
              }
            },
            "schemas": {
              "Problem": {
                "type": "object",
                "required": ["detail"],
                "properties": {"detail": {"type": "string"}}
              },
              "Health": {
                "type": "object",
                "required": ["status"],
                "properties": {"status": {"type": "string"}, "reason": {"type": "string"}}
              },
              "Meta": {
                "type": "object",
                "required": ["uid", "size", "created_at", "meta", "big_file", "etag"],
                "properties": {
                  "uid": {"type": "string"},
                  "size": {"type": "integer", "minimum": 0},
                  "created_at": {"type": ["string", "null"]},
                  "meta": {
                    "type": "object",
                    "description": "`created_at`, `crc32` and what the user chose."
                  },
                  "big_file": {"type": "boolean"},
                  "etag": {"type": "string"}
                }
              },
              "Batch": {
                "type": "object",
                "required": ["files"],
                "properties": {
                  "files": {
                    "type": "array",
                    "maxItems": 10000,
                    "items": {
                      "type": "object",
                      "required": ["uid", "created_at"],
                      "properties": {
                        "uid": {"type": "string"},
                        "created_at": {
                          "type": "string"
                        }
                      }
                    }
                  }
                }
              }
            }
          }
        """#
}
