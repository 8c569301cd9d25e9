namespace OnnxTransfer.Training.Gradients;

/// <summary>y = x held between two bounds: dx = dy where y is x, else 0; the bounds are constants.</summary>
internal static class ClipGradient
{
    public static string?[] Of(GradientNode node, string gradient)
    {
        if (node.Needs(1) || node.Needs(2))
        {
            throw node.Unsupported("a bound depends on trainable weights; expected constant bounds");
        }

        return [node.Add("Where", [node.Add("Equal", [node.Input(0), node.Output]), gradient, node.Number(0, node.Output)])];
    }
}
