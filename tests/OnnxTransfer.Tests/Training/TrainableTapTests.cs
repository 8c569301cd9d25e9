using OnnxTransfer.Onnx;
using OnnxTransfer.Training;

namespace OnnxTransfer.Tests.Training;

/// <summary>What the error for an operator without a gradient says of where training could begin.</summary>
public sealed class TrainableTapTests
{
    [Fact]
    public void The_first_tensor_behind_it_is_named_with_the_weights_there()
    {
        string message = Refused(builder =>
        {
            string x = builder.NodeInto("stage1", "Sin", [builder.Node("Mul", ["x", "w1"], "a")]);
            return builder.NodeInto("stage2", "Mul", [builder.Node("Relu", [x], "r"), "w2"]);
        });
        Assert.Equal(
            "graph: node 'stage1' (Sin) lies between the loss and 'a', which depends on trainable weights, and no gradient is known for it; "
            + "behind 'stage1' every operator has one: train only the 1 of the 2 weights there (unfreeze after 'stage1')", message);
    }

    [Fact]
    public void A_shortcut_around_it_moves_the_tap_behind_their_sum()
    {
        string message = Refused(builder =>
        {
            string a = builder.Node("Mul", ["x", "w1"], "a");
            string sum = builder.NodeInto("sum", "Add", [builder.Node("Sin", [a], "s"), a]);
            return builder.NodeInto("stage2", "Mul", [sum, "w2"]);
        });
        Assert.EndsWith("train only the 1 of the 2 weights there (unfreeze after 'sum')", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_second_one_further_on_moves_it_behind_that()
    {
        string message = Refused(builder =>
        {
            string a = builder.Node("Sin", [builder.Node("Mul", ["x", "w1"], "a")], "first");
            return builder.NodeInto("stage2", "Mul", [builder.NodeInto("second", "Floor", [builder.Node("Relu", [a], "r")]), "w2"]);
        });
        Assert.EndsWith("(unfreeze after 'second')", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_weights_behind_it_none_are_promised()
    {
        string message = Refused(builder => builder.NodeInto("stage2", "Sin", [builder.Node("Mul", [builder.Node("Mul", ["x", "w1"], "a"), "w2"], "b")]));
        Assert.EndsWith("no gradient is known for it; train only weights behind 'stage2'", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Where_it_gives_the_loss_itself_a_head_is_proposed()
    {
        var builder = Begin();
        builder.NodeInto("loss", "Sin", [builder.Node("ReduceSum", [builder.Node("Mul", [builder.Node("Mul", ["x", "w1"], "a"), "w2"], "b")], "sum", ("keepdims", 0))]);
        Assert.EndsWith("nor does one tensor lead on to the loss alone, with gradients all the way: train a head on the embeddings of the network as it is",
            Error(builder), StringComparison.Ordinal);
    }

    [Fact]
    public void A_form_that_a_rule_does_not_cover_says_it_too()
    {
        string message = Refused(builder =>
        {
            string a = builder.Node("Mul", ["x", "w1"], "a");
            string padded = builder.NodeInto("padded", "Pad", [a, builder.Longs("pads", [1, 1], 2)], ("mode", "reflect"));
            return builder.NodeInto("stage2", "Mul", [padded, "w2"]);
        });
        Assert.Equal(
            "graph: no gradient for node 'padded' (Pad): it pads by mode 'reflect'; expected 'constant'; "
            + "behind 'padded' every operator has one: train only the 1 of the 2 weights there (unfreeze after 'padded')", message);
    }

    [Fact]
    public void Dropping_dropout_says_how_to_train_with_it()
    {
        string message = Refused(builder =>
        {
            string ratio = builder.Reals("ratio", ElementType.Float, [0.5]), yes = builder.Constant("yes", ElementType.Bool, [1]);
            return builder.NodeInto("stage2", "Mul", [builder.NodeInto("dropped", "Dropout", [builder.Node("Mul", ["x", "w1"], "a"), ratio, yes]), "w2"]);
        });
        Assert.StartsWith(
            "graph: no gradient for node 'dropped' (Dropout): it drops values (training_mode = 1); expected training_mode = 0, which passes them: "
            + "to drop some, multiply ('Mul') with an input that is fed as a mask; ", message, StringComparison.Ordinal);
    }

    private static GraphBuilder Begin()
    {
        var builder = GraphBuilder.Empty();
        builder.Input("x", ElementType.Float, 3);
        builder.Floats("w1", [1, 2, 3], 3);
        builder.Floats("w2", [1], 1);
        return builder;
    }

    private static string Refused(Func<GraphBuilder, string> network)
    {
        var builder = Begin();
        builder.NodeInto("loss", "ReduceSum", [network(builder)], ("keepdims", 0));
        return Error(builder);
    }

    private static string Error(GraphBuilder builder)
    {
        var forward = builder.Build();
        return Assert.Throws<TrainingException>(
            () => Differentiation.Gradients(GraphBuilder.Over(forward), forward, TensorShapes.Infer(forward), "loss", ["w1", "w2"])).Message;
    }
}
