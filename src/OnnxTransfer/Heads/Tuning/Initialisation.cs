namespace OnnxTransfer.Heads.Tuning;

/// <summary>
/// How the kernels of convolutions are drawn. Behind a batch norm their size changes nothing but how fast they turn: the smaller they
/// are, the further the same learning rate takes them.
/// </summary>
public enum Initialisation
{
    /// <summary>Normal with deviation √(2 / n), n = outputs x places of the kernel, as torchvision draws a ResNet's (He et al. 2015, "Kaiming").</summary>
    Kaiming,

    /// <summary>Even in ±1/√n, n = inputs x places of the kernel, as torch.nn.Conv2d draws them where nothing else is said.</summary>
    Uniform,
}
