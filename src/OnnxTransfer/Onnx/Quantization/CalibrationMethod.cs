namespace OnnxTransfer.Onnx.Quantization;

/// <summary>How the range of an activation is chosen from the values it took on calibration images.</summary>
public enum CalibrationMethod
{
    /// <summary>All values: nothing saturates, and one outlier coarsens every step.</summary>
    MinMax,

    /// <summary>All but a share of the outermost values, as onnxruntime.quantization's PercentileCalibrater cuts them.</summary>
    Percentile,

    /// <summary>
    /// The range whose 128 steps lose least information, by Kullback and Leibler's divergence (Migacz, "8-bit inference with
    /// TensorRT", 2017), as onnxruntime.quantization's EntropyCalibrater searches it.
    /// </summary>
    Entropy,
}
