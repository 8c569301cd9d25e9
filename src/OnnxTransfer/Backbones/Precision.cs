namespace OnnxTransfer.Backbones;

/// <summary>Arithmetic of a backbone.</summary>
public enum Precision
{
    /// <summary>float32.</summary>
    Fp32,

    /// <summary>
    /// IEEE half precision inside the network, for GPUs; pixels are normalised, and taps pooled and given, in float32.
    /// </summary>
    Fp16,
}
