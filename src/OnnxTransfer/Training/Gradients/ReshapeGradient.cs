namespace OnnxTransfer.Training.Gradients;

/// <summary>y is x in another shape (Reshape, Flatten, Squeeze, Unsqueeze): dx is dy in that of x.</summary>
internal static class ReshapeGradient
{
    public static string?[] Of(GradientNode node, string gradient) =>
        [node.Add("Reshape", [gradient, node.List([.. node.Type(node.Input(0)).Dimensions])])];
}
