namespace OnnxTransfer.Inference;

/// <summary>
/// How cuDNN's convolution for each shape is chosen (cudnn_conv_algo_search). ONNX Runtime 1.29 asks cuDNN's heuristics and
/// tries nothing out: heuristic is their quick mode (A), exhaustive their modelled one (B).
/// </summary>
public enum ConvolutionSearch
{
    /// <summary>Exhaustive for a fixed batch, heuristic where every run may have another shape.</summary>
    Auto,

    /// <summary>By the quick heuristic.</summary>
    Heuristic,

    /// <summary>By the better heuristic, which takes longer for each new shape.</summary>
    Exhaustive,

    /// <summary>
    /// Both, each timed on full batches before the first batch of the job; the faster one stays. Costs a second session for
    /// some seconds: for long jobs. Needs a fixed batch, and says nothing to TensorRT, which measures by itself.
    /// </summary>
    Measured,
}
