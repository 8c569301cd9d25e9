namespace OnnxTransfer.Onnx.Quantization;

/// <summary>What becomes of a node.</summary>
internal enum Int8Role
{
    /// <summary>Stays as it is, in float32.</summary>
    Stays,

    /// <summary>A Conv, Gemm or MatMul with constant weights, which become bytes.</summary>
    Layer,

    /// <summary>A batch norm between layers, which becomes a Conv of one weight a channel.</summary>
    BatchNorm,

    /// <summary>An Add, Concat or average: computed on bytes that it scales anew.</summary>
    Join,

    /// <summary>Picks or moves values: works on the bytes as they are.</summary>
    Move,

    /// <summary>A ReLU or a Clip from 0 on: done by the saturation of the bytes that the node before it gives.</summary>
    Absorbed,
}
