namespace OnnxTransfer.Onnx.Quantization;

/// <summary>value = Scale (byte - ZeroPoint): how an activation is kept in a byte.</summary>
internal readonly record struct UInt8Steps(float Scale, byte ZeroPoint)
{
    private const int Steps = 255;

    /// <summary>
    /// 255 steps over the range and 0; a tensor that was always 0 gets steps of 1, since a scale may not be 0
    /// (onnxruntime.quantization's compute_scale_zp).
    /// </summary>
    public static UInt8Steps Over(ValueRange range)
    {
        var (low, high) = range.WithZero;
        var scale = (float)((high - low) / Steps);
        return !float.IsNormal(scale) ? new(1, 0) : new(scale, (byte)Math.Clamp(Math.Round(-low / scale), 0, Steps));
    }
}
