// Times are part of what this module takes and gives: who imports it has them.
@_exported public import DESBase
