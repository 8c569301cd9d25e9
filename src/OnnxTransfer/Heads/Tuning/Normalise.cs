namespace OnnxTransfer.Heads.Tuning;

/// <summary>Which batch norms a network that is trained from fresh weights has beside those of its graph.</summary>
public enum Normalise
{
    /// <summary>
    /// Those that its architecture had: where a residual network (some map is added to another), one of depthwise convolutions
    /// (MobileNet), or one whose name says so (vgg11_bn), holds none, they were folded into its convolutions and stand behind each that has a bias again. Others, such
    /// as VGG-11, get none.
    /// </summary>
    Auto,

    /// <summary>One behind every convolution that has none yet.</summary>
    Batch,

    /// <summary>None beside those of the graph.</summary>
    None,
}
